"""Planned steps that wait for a run: planned with it, held by whoever ends it, and only once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from durable.engine.ending import ended
from durable.models import Run, Step
from durable.playback.interrupt import Fenced
from durable.playback.keys import step_key
from durable.playback.request import Invoke, ParallelMode, Request
from durable.store import Store
from durable.store.rows import Child, RunClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def asked(name: str = "a", mode: ParallelMode = ParallelMode.WAIT) -> Request:
    """Ask for a function, for an hour at most."""
    what = Invoke("callee", {}, HOUR.total_seconds())
    return Request(key=step_key(name, 0, ""), name=name, index=0, branch="", mode=mode, what=what)


def waiting(store: Store, *names: str, mode: ParallelMode = ParallelMode.WAIT) -> RunClaim:
    """Plan steps that wait for a function, and park their run."""
    run = kit.claimed(store)
    store.steps.plan(run, [asked(name, mode) for name in names], park=True)
    return run


def resolve(store: Store, run: RunClaim, name: str = "a", output: str = '"made"') -> int | None:
    """End a step as the end of its child does; None if it was not to be had."""
    with transaction.atomic(store.alias):
        step = store.steps.take(run.id, asked(name).key)
        return (
            None if step is None else store.steps.flush([(step, ended(step, output=output))]).woken
        )


def test_a_step_that_waits_is_due_when_its_time_is_over(store: Store) -> None:
    run = waiting(store, "a")
    step = kit.step(run)
    assert (step.op, step.status, step.claim, step.owner) == ("invoke", "pending", 0, None)
    assert step.started is not None
    assert step.due_at == step.started + HOUR
    assert store.steps.claim(kit.ME, 9) == []


def test_a_step_can_be_held_before_it_is_due(store: Store) -> None:
    run = waiting(store, "a")
    with transaction.atomic(store.alias):
        step = store.steps.take(run.id, asked().key)
    assert step is not None
    assert (step.run, step.name, step.op, step.claim, step.mode) == (
        run.id,
        "a",
        "invoke",
        1,
        "wait",
    )


def test_a_step_that_is_held_by_a_timer_cannot_be_taken(store: Store) -> None:
    run = waiting(store, "a")
    kit.later(3601)
    (timer,) = store.steps.claim(kit.RIVAL, 9)
    assert resolve(store, run) is None
    assert store.steps.flush([(timer, ended(timer, failure=kit.failure("late")))]).written
    assert kit.step(run).status == "failed"


def test_a_step_that_has_ended_cannot_be_taken(store: Store) -> None:
    run = waiting(store, "a")
    assert resolve(store, run, output="1") == 1
    assert resolve(store, run, output="2") is None
    assert kit.step(run).result == 1


def test_a_step_of_a_run_that_has_ended_cannot_be_taken(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.plan(run, [asked()], park=False)
    store.runs.finish(run, "completed", output="1", close_steps=True)
    assert resolve(store, run) is None
    assert kit.step(run).status == "cancelled"


def test_a_step_that_is_not_there_cannot_be_taken(store: Store) -> None:
    assert resolve(store, kit.claimed(store)) is None


def test_the_end_of_a_step_nobody_held_wakes_its_run(store: Store) -> None:
    run = waiting(store, "a")
    begun = kit.step(run).started
    assert resolve(store, run) == 1
    step, row = kit.step(run), kit.row(run)
    assert (step.status, step.result, step.due_at, step.owner) == ("done", "made", None, None)
    assert step.started == begun
    assert (row.status, row.pending) == ("queued", 0)


def test_the_last_of_a_wave_wakes_the_run(store: Store) -> None:
    run = waiting(store, "a", "b")
    assert resolve(store, run, "a") == 0
    assert (kit.row(run).status, kit.row(run).pending) == ("waiting", 1)
    assert resolve(store, run, "b") == 1
    assert kit.row(run).status == "queued"


def test_each_racer_wakes_the_run(store: Store) -> None:
    run = waiting(store, "a", "b", mode=ParallelMode.RACE)
    assert resolve(store, run, "b") == 1
    assert (kit.row(run).status, kit.row(run).wake) == ("queued", 1)


def test_a_large_result_of_a_step_nobody_held_comes_back(store: Store) -> None:
    run = waiting(store, "a")
    resolve(store, run, output=kit.LARGE)
    assert kit.step(run).large
    assert store.steps.history(run.id).memos[asked().key].value() == "ü" * 5000


def test_a_step_is_planned_together_with_its_run(store: Store) -> None:
    run = kit.claimed(store)
    child = Child(function="callee", event=kit.event(), key=asked().key)
    store.steps.plan(run, [asked()], also=lambda: store.children.create(run.id, [child]))
    (row,) = kit.row(run).children.all()
    assert (row.function, row.event_id, row.parent_key) == ("callee", child.event.pk, child.key)
    assert (row.status, row.claim, row.owner) == ("queued", 0, None)
    (claim,) = store.runs.claim(kit.RIVAL)
    assert (claim.id, claim.parent, claim.parent_key) == (row.pk, run.id, child.key)


def test_a_run_that_nobody_invoked_has_no_parent(store: Store) -> None:
    run = kit.claimed(store)
    assert (run.parent, run.parent_key) == (None, "")


@pytest.mark.parametrize("park", [False, True])
def test_a_repeated_plan_does_what_goes_with_it_once(store: Store, park: bool) -> None:
    run = kit.claimed(store)
    done: list[int] = []
    first = store.steps.plan(run, [asked()], park=park, also=lambda: done.append(1))
    assert store.steps.plan(run, [asked()], park=park, also=lambda: done.append(2)) == first
    assert done == [1]


def test_what_goes_with_a_plan_is_not_done_under_an_old_claim(store: Store) -> None:
    old = kit.claimed(store)
    kit.taken_over(store, old)
    done: list[int] = []
    with pytest.raises(Fenced):
        store.steps.plan(old, [asked()], also=lambda: done.append(1))
    assert not done


def test_a_plan_is_undone_when_what_goes_with_it_fails(store: Store) -> None:
    run = kit.claimed(store)

    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        store.steps.plan(run, [asked()], park=True, also=fail)
    assert not Step.objects.exists()
    assert (kit.row(run).status, kit.row(run).wave, kit.row(run).pending) == ("running", 0, 0)


@pytest.mark.parametrize("first", ["parent", "child"])
def test_a_parent_and_its_child_may_go_one_before_the_other(store: Store, first: str) -> None:
    run = kit.claimed(store)
    child = Child(function="callee", event=kit.event(), key=asked().key)
    store.children.create(run.id, [child])
    parent, row = kit.row(run), Run.objects.get(parent=run.id)
    (parent if first == "parent" else row).delete()
    left = Run.objects.get()
    assert left == (row if first == "parent" else parent)
    assert left.parent is None
