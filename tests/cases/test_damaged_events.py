"""A row that somebody damaged stops the run it belongs to, which says so, and nothing beside it."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.models import Event, Run, Step
from durable.operations.explain import explain
from durable.operations.health import look
from durable.store import get_store
from tests.harness import EVENT, Player, journal, say, steps_of

BROKEN = '{"card": "4111 cut of'


def one_step(ctx: durable.ContextSync) -> str:
    return ctx.step.run("work", say, f"work {ctx.event.data.get('n')}")


def race(ctx: durable.ContextSync) -> Any:
    return ctx.group.parallel(
        (lambda: ctx.step.run("a", say, "a"), lambda: ctx.step.run("b", say, "b"))
    )


def wait(ctx: durable.ContextSync) -> Any:
    event = ctx.step.wait_for_event("wait", event="answer", timeout="30d")
    return event and event.data


def damage(run: Run) -> None:
    Event.objects.filter(runs=run).update(data=BROKEN)


def failure_of(run: Run) -> dict[str, str]:
    assert run.status == "failed"
    assert run.failure is not None
    return run.failure


def concerns() -> list[str]:
    return [one.text for one in look(get_store()).concerns if one.code == "put-off-events"]


def test_a_run_whose_event_cannot_be_read_fails_at_once_and_says_so(player: Player) -> None:
    player.define(one_step)
    run = player.send({"n": 1})
    damage(run)
    player.work()
    run.refresh_from_db()
    failure = failure_of(run)
    assert (failure["code"], failure["name"]) == ("event_unreadable", "EventUnreadableError")
    assert failure["message"].startswith(
        f"Its event cannot be read: the data of {EVENT} {run.event_id} is no JSON"
    )
    assert (run.claim, journal) == (1, [])


def test_neither_the_failure_nor_the_log_shows_the_data(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    player.define(one_step)
    run = player.send({"n": 1})
    damage(run)
    player.work()
    run.refresh_from_db()
    assert "4111" not in str(failure_of(run)) + caplog.text
    assert "Its event cannot be read" in caplog.text


def test_runs_beside_it_go_on(player: Player) -> None:
    player.define(one_step)
    runs = [player.send({"n": number}) for number in range(3)]
    damage(runs[1])
    player.work()
    assert journal == ["work 0", "work 2"]


def test_who_handles_failures_is_told_without_the_event(player: Player) -> None:
    def told(ctx: durable.ContextSync) -> Any:
        return [ctx.event.data["event"], ctx.event.data["error"]["name"]]

    player.define(one_step, on_failure=told)
    run = player.send({"n": 1})
    damage(run)
    player.work()
    run.refresh_from_db()
    failure_of(run)
    assert Run.objects.exclude(pk=run.pk).get().result == [None, "EventUnreadableError"]


def test_planned_steps_of_such_a_run_fail_too(player: Player) -> None:
    player.define(race, parallel_mode=ParallelMode.RACE)
    run = player.send()
    player.worker.take_one()
    assert steps_of(run) == {"a": "pending", "b": "pending"}
    damage(run)
    player.work()
    run.refresh_from_db()
    assert failure_of(run)["code"] == "event_unreadable"
    assert (set(steps_of(run).values()) <= {"failed", "cancelled"}, journal) == (True, [])


def test_branches_of_such_a_run_fail_too(player: Player) -> None:
    player.define(race, fan_out=True)
    run = player.send()
    player.worker.take_one()
    damage(run)
    player.work()
    run.refresh_from_db()
    assert failure_of(run)["code"] == "event_unreadable"
    assert not Run.objects.filter(ended=None).exists()
    assert journal == []


def test_an_error_inside_durable_is_told_while_the_run_is_tried_again(player: Player) -> None:
    run = with_illegible_step(player)
    assert explain("default", [run])[run.pk].why == (
        "It met an error inside durable: see the workers' log (durable.engine)."
    )


def test_an_error_inside_durable_that_stays_ends_the_run_and_is_named(player: Player) -> None:
    failure = failure_of(player.settle(with_illegible_step(player)))
    assert (failure["code"], failure["name"]) == ("internal_error", "InternalError")
    assert failure["message"].startswith(
        "An error inside durable, not in the function: JSONDecodeError: "
    )
    assert "the last of 3 tries" in failure["message"]


def with_illegible_step(player: Player) -> Run:
    """Return a run whose remembered failure cannot be read, when it has been driven once."""

    def forgiving(ctx: durable.ContextSync) -> None:
        try:
            ctx.step.run("bad", int, "x")
        except durable.StepError:
            ctx.step.sleep("nap", 60_000)

    player.define(forgiving, retries=0)
    run = player.send()
    player.work()
    Step.objects.filter(run=run, name="bad").update(error='{"code": ')
    player.jump()
    player.work()
    run.refresh_from_db()
    return run


def test_an_event_that_cannot_be_read_holds_up_no_other(player: Player) -> None:
    player.define(wait)
    run = player.send()
    player.work()
    (broken,) = durable.send(durable.Event(name="answer", data={"n": 1}))
    Event.objects.filter(pk=broken).update(data=BROKEN)
    durable.send(durable.Event(name="answer", data={"n": 2}))
    assert player.settle(run).result == {"n": 2}


def test_an_event_that_cannot_be_handed_out_for_long_is_put_off_and_told_of(
    player: Player, clock: ModuleType
) -> None:
    player.define(wait)
    run = player.send()
    player.work()
    (broken,) = durable.send(durable.Event(name="answer", data={"n": 1}))
    Event.objects.filter(pk=broken).update(data=BROKEN)
    player.work()
    assert concerns() == []
    clock.travel(timedelta(minutes=2))
    player.work()
    (text,) = concerns()
    assert text.startswith("1 event cannot be handed out to who waits for it")
    assert f"{broken} (answer)" in text
    Event.objects.filter(pk=broken).update(data='{"n": 1}')
    clock.travel(timedelta(minutes=5))
    player.work()
    run.refresh_from_db()
    assert (run.result, concerns()) == ({"n": 1}, [])
