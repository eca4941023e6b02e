"""What nothing in durable does to its rows, done by hand: `verify` names each of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.db import connection

import durable
from durable import clock
from durable.engine.overrides import overrides
from durable.ids import new_id
from durable.models import (
    Attempt,
    Blob,
    Delivery,
    Event,
    FunctionConfig,
    Run,
    Schedule,
    Step,
    Wait,
    Worker,
)
from durable.operations.audit import Actor, write_down
from durable.operations.configure import pause_function
from durable.operations.erase import erase
from durable.operations.verify import INVARIANTS, verify
from durable.store import get_store
from tests.harness import Player
from tests.integration.verify.looks import found, miss_event, named

LONG_AGO = timedelta(days=400)


def planned(run: Run, **fields: object) -> None:
    Step.objects.filter(run=run, status="pending").update(**fields)


def test_a_healthy_database_is_clean(ended: Run, player: Player) -> None:
    player.send()
    player.work()
    report = verify(get_store(), pause=0)
    assert (report.is_clean, report.breaches, report.missing) == (True, [], [])
    assert report.rows["run"] == 4


def test_what_a_paused_function_holds_back_is_clean_until_it_is_resumed(player: Player) -> None:
    actor = Actor(who="eva", via="command")
    player.define(lambda ctx: None, fn_id="paused", trigger=durable.TriggerEvent(event="paused"))
    pause_function("paused", actor=actor)
    overrides.clear()
    durable.send(durable.Event(name="paused"))
    player.work()
    held = Run.objects.get(function="paused")
    assert held.due_at is None
    assert named() == set()
    FunctionConfig.objects.update(paused=None)  # by hand, and nobody made the run due
    assert len(named()) == 1


def test_a_run_whose_payloads_were_erased_is_clean(ended: Run) -> None:
    erase(ended.pk)
    assert named() == set()


def test_a_run_in_the_middle_of_all_is_clean(waiting: Run) -> None:
    assert Wait.objects.count() == 1
    assert named() == set()


WORKER = {
    "id": new_id(),
    "owner": "here:1:1",
    "host": "here",
    "pid": 1,
    "parent": 1,
    "cluster": "shop",
    "version": "1",
    "started": clock.now(),
    "seen": clock.now(),
}


def log_without_audit(run: Run) -> None:
    """Write two lines into the admin's log, of which only the first is in ours, too."""
    eva = User.objects.create_user("eva")
    actor = Actor(who="eva", via="admin")
    write_down(get_store(), actor, "cancel", "run", run.pk)
    for verb in ("cancel", "erase"):
        said = f"durable: {verb}; status was waiting, is cancelled"
        LogEntry.objects.log_actions(eva.pk, [run], CHANGE, change_message=said, single_object=True)
    LogEntry.objects.update(action_time=clock.now())  # which has jumped


SEEDS: dict[str, Callable[[Run], object]] = {
    "run: a run that has not ended is due, is held until a time, or waits for an open step": (
        lambda run: Run.objects.filter(pk=run.pk).update(wake=1)
    ),
    "run: a run that has not ended has no result, no error and no end": (
        lambda run: Run.objects.filter(pk=run.pk).update(output="1")
    ),
    "run: a run counts as pending the planned steps that are open": (
        lambda run: Run.objects.filter(pk=run.pk).update(pending=5)
    ),
    "step: a planned step that is open comes due at some time, or its own run is at work": (
        lambda run: planned(run, due_at=None)
    ),
    "step: a step has an end when it has ended, an owner only while it runs, a time only while open": (
        lambda run: planned(run, owner="somebody")
    ),
    "step: a step that is done has a result, and one that failed an error": (
        lambda run: Blob.objects.filter(run=run).delete()
    ),
    "step: each failed try that a step counts is in the history": (
        lambda run: Attempt.objects.all().delete()
    ),
    "step: a step was written under a claim and in a wave that its run has had": (
        lambda run: Step.objects.filter(run=run, name="large").update(by=99)
    ),
    "step: a step that waits for an event can be found by it": (
        lambda run: Wait.objects.all().delete()
    ),
    "step: a step waits for a run it invoked only while that goes on": (
        lambda run: end_by_hand(Run.objects.filter(parent=run))
    ),
    "attempt: failed tries are numbered without gaps": (
        lambda run: Attempt.objects.update(number=2)
    ),
    "wait: no event that came in and was handed out is still waited for": (
        lambda run: miss_event("verify/answer")
    ),
    "wait: a wait is kept only while its step and its run are open": (
        lambda run: Step.objects.filter(run=run, op="wait").update(
            status="done", output="null", due_at=None, ended=clock.now()
        )
    ),
    "blob: a large value belongs to a step or a run that says so": (
        lambda run: Step.objects.filter(run=run, name="large").update(large=False, output="1")
    ),
    "event: an event with an id of its sender has the key by which it counts once": (
        lambda run: Event.objects.update(custom_id="order-1")
    ),
    "event: the event of a schedule has the key by which its time starts one run": (
        lambda run: Event.objects.update(custom_id="now", name="durable/scheduled.timer")
    ),
    "step: a step is known by its name, its repeat and its branch": (
        lambda run: Step.objects.filter(run=run, name="large").update(name="larger")
    ),
    "worker: a worker takes no more than two messages for each piece of work": (
        lambda run: Worker.objects.create(**WORKER, claims=1_000, hints=5_000)
    ),
    "logentry: what the admin's own log tells of a run is in the audit log": (
        lambda run: log_without_audit(run)
    ),
    "run: a run has the tenant and the subject of its event, or of the run whose step it does": (
        lambda run: Run.objects.filter(pk=run.pk).update(tenant="another")
    ),
    "event: the data of an event can be read": (
        lambda run: Event.objects.filter(runs=run).update(data="{cut of")
    ),
    "run: the result or the error of a run can be read": (
        lambda run: Run.objects.filter(pk=run.pk).update(error='{"code": ')
    ),
    "step: the result or the error of a step can be read": (
        lambda run: Step.objects.filter(run=run, name="shaky").update(output="nothing")
    ),
    "blob: a large value can be read": (lambda run: Blob.objects.filter(run=run).update(body="x")),
    "wait: a wait hears of events for as long as its step waits": (
        lambda run: Wait.objects.update(expires=clock.now() - timedelta(minutes=1))
    ),
    "wait: events of the name that is waited for are looked at": (
        lambda run: Wait.objects.update(event="verify/other")
    ),
    "schedule: the line of a schedule can be read": (
        lambda run: Schedule.objects.create(
            function="f", cron="nonsense", due_at=clock.now(), created=clock.now()
        )
    ),
    "schedule: a schedule that was fired has gone on to a later time": (
        lambda run: Schedule.objects.create(
            function="f",
            cron="* * * * *",
            due_at=clock.now(),
            fired=clock.now(),
            created=clock.now(),
        )
    ),
}

SEEDS_OF_THE_END: dict[str, Callable[[Run], object]] = {
    "delivery: an event that was given to a run has ended one step of it": (
        lambda run: Delivery.objects.create(
            event_id=new_id(), run=run, step="wait", delivered=clock.now()
        )
    ),
    "run: a run that has ended holds nothing: no time, no owner, no open step": (
        lambda run: Run.objects.filter(pk=run.pk).update(pending=1)
    ),
    "run: a run that completed has a result, and one that failed an error": (
        lambda run: Blob.objects.filter(run=run, key="").delete()
    ),
    "run: no run is invoked by one that has ended": (
        lambda run: Run.objects.filter(pk=run.pk).update(ended=clock.now() - LONG_AGO)
    ),
    "step: nothing is recorded of a run after its end": (
        lambda run: Run.objects.filter(pk=run.pk).update(ended=clock.now() - LONG_AGO)
    ),
}

# What a constraint of the database keeps from being so; seen only where it has been dropped.
HELD_BY_THE_DATABASE = {
    "run: an event starts a function once",
    "run: a run has an owner while it is running, and only then",
    "step: a step is recorded once",
}


def end_by_hand(runs: object) -> None:
    now = clock.now()
    for run in runs:  # type: ignore[attr-defined]
        Step.objects.filter(run=run).delete()
        Wait.objects.filter(run=run).delete()
        Run.objects.filter(pk=run.pk).update(
            status="completed", output="1", ended=now, due_at=None, pending=0
        )


@pytest.mark.parametrize("says", SEEDS)
def test_a_breach_in_a_run_under_way_is_named(waiting: Run, says: str) -> None:
    SEEDS[says](waiting)
    assert says in named()


@pytest.mark.parametrize("says", SEEDS_OF_THE_END)
def test_a_breach_in_a_run_that_has_ended_is_named(ended: Run, says: str) -> None:
    SEEDS_OF_THE_END[says](ended)
    assert says in named()


def test_what_is_in_both_logs_is_clean(waiting: Run) -> None:
    log_without_audit(waiting)
    erased = LogEntry.objects.get(change_message__contains="erase")
    assert found() == [str(erased.pk)]


def test_what_is_older_than_the_audit_log_reaches_is_not_asked_for(waiting: Run) -> None:
    log_without_audit(waiting)
    LogEntry.objects.update(action_time=clock.now() - LONG_AGO)
    assert found() == []


def test_each_sentence_has_a_breach_in_these_tests() -> None:
    sentences = {f"{one.kind}: {one.says}" for one in INVARIANTS}
    assert sentences == {*SEEDS, *SEEDS_OF_THE_END, *HELD_BY_THE_DATABASE}


def drop(model: type[Run | Step], constraint: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # pending ones bar the way
        cursor.execute(f"ALTER TABLE {model._meta.db_table} DROP CONSTRAINT {constraint}")


@pytest.mark.postgres
def test_a_dropped_constraint_and_the_run_that_was_started_twice_are_named(ended: Run) -> None:
    drop(Run, "durable_run_once_per_event")
    twin = Run.objects.get(pk=ended.pk)
    twin.pk, twin.large, twin.output = new_id(), False, "1"
    twin.save(force_insert=True)
    assert verify(get_store(), pause=0).missing == ["durable_run_once_per_event"]
    assert named() == {"run: an event starts a function once"}


@pytest.mark.postgres
def test_a_step_that_was_recorded_twice_is_named(ended: Run) -> None:
    drop(Step, "durable_step_once_per_run")
    twin = Step.objects.get(run=ended, name="large")
    twin.pk = None
    twin.save(force_insert=True)
    assert named() == {"step: a step is recorded once"}


@pytest.mark.postgres
def test_a_run_that_is_owned_by_nobody_is_named(waiting: Run) -> None:
    drop(Run, "durable_run_running_is_owned")
    Run.objects.filter(pk=waiting.pk).update(status="running", due_at=clock.now())
    assert named() == {"run: a run has an owner while it is running, and only then"}


def test_all_rows_are_looked_at_in_windows(ended: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durable.operations.verify.look.WINDOW", 2)
    Run.objects.filter(pk=ended.pk).update(pending=1)
    seen: list[tuple[str, int]] = []
    report = verify(get_store(), pause=0, on_progress=lambda *told: seen.append(told))
    assert [str(one.pk) for one in report.breaches] == [str(ended.pk)]
    assert report.rows["step"] == Step.objects.count() > 2
    assert ("step", 2) in seen


def test_what_is_right_at_the_second_look_is_not_reported(
    waiting: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run.objects.filter(pk=waiting.pk).update(pending=5)

    def settle(seconds: float) -> None:
        Run.objects.filter(pk=waiting.pk).update(pending=2)

    monkeypatch.setattr("durable.operations.verify.look.time.sleep", settle)
    assert verify(get_store()).is_clean
