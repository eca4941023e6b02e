"""`timeouts=`: a run that does not start, or not finish, in time is cancelled, wherever it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import ParallelMode, Timeouts
from durable import clock as durable_clock
from durable.authoring.registry import Registry
from durable.models import Run
from tests.harness import Player, journal, note, say, steps_of, sync_and_async
from tests.naps import HOUR, anap, nap

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


def naps(ctx: durable.ContextSync) -> None:
    ctx.group.parallel((partial(ctx.step.sleep, "a", HOUR), partial(ctx.step.sleep, "b", HOUR)))


def refreshed(run: Run) -> Run:
    run.refresh_from_db()
    return run


@sync_and_async(nap, anap)
def test_a_run_that_is_not_started_in_time_never_starts(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    player.define(handler, timeouts=Timeouts(start=MINUTE))
    run = player.send()
    clock.travel(MINUTE + SECOND)
    player.work()
    assert refreshed(run).status == "cancelled"
    assert run.started is None
    assert run.reason.startswith("It had not started by 20")
    assert run.reason.endswith(" UTC (Timeouts.start).")
    assert journal == []


@sync_and_async(nap, anap)
def test_a_run_that_starts_in_time_takes_as_long_as_it_likes(player: Player, handler: Any) -> None:
    run = player.play(handler, timeouts=Timeouts(start=MINUTE))
    assert run.result == "after"


def test_a_run_of_a_future_event_has_its_time_from_then(player: Player, clock: ModuleType) -> None:
    player.define(nap, timeouts=Timeouts(start=MINUTE))
    begin = datetime.now(UTC) + HOUR
    run = player.send(ts=int(begin.timestamp() * 1000))
    assert run.deadline is not None
    assert abs(run.deadline - (begin + MINUTE)) < SECOND
    clock.travel(HOUR + SECOND)
    player.work()
    assert refreshed(run).started is not None


@sync_and_async(nap, anap)
@STRICT
def test_a_run_that_sleeps_too_long_is_cancelled(
    player: Player, handler: Any, strict: bool
) -> None:
    begun = durable_clock.now()
    run = player.play(handler, timeouts=Timeouts(finish=MINUTE), strict=strict)
    assert run.status == "cancelled"
    assert run.reason.startswith("It had not finished by 20")
    assert run.reason.endswith(" UTC (Timeouts.finish).")
    assert durable_clock.now() - begun < 2 * MINUTE
    assert steps_of(run) == {"before": "done", "nap": "cancelled"}
    assert not player.jump()


@MODES
def test_a_group_that_sleeps_too_long_is_cancelled(player: Player, mode: ParallelMode) -> None:
    run = player.play(naps, timeouts=Timeouts(finish=MINUTE), parallel_mode=mode)
    assert run.status == "cancelled"
    assert steps_of(run) == {"a": "cancelled", "b": "cancelled"}


def test_a_run_that_finishes_in_time_is_completed(player: Player) -> None:
    run = player.play(nap, timeouts=Timeouts(start=MINUTE, finish=2 * HOUR))
    assert (run.result, run.deadline) == ("after", None)


def test_the_time_to_finish_counts_from_the_start(player: Player, clock: ModuleType) -> None:
    player.define(nap, timeouts=Timeouts(finish=HOUR + MINUTE))
    run = player.send()
    clock.travel(24 * HOUR)
    assert player.settle(run).result == "after"


def test_a_run_that_is_tried_again_and_again_is_cancelled(player: Player) -> None:
    def fails(ctx: durable.ContextSync) -> None:
        ctx.step.run("shaky", [].pop)

    run = player.play(fails, timeouts=Timeouts(finish=SECOND), retries=20)
    assert run.status == "cancelled"
    assert steps_of(run) == {"shaky": "cancelled"}


def test_a_body_goes_on_to_its_end_and_no_further_step_starts(player: Player) -> None:
    def slow(ctx: durable.ContextSync) -> None:
        ctx.step.run("slow", late, player)
        ctx.step.run("next", say, "next")

    def late(player: Player) -> None:
        durable_clock.travel(MINUTE + SECOND)
        player.work()  # another worker, who looks meanwhile
        note("to the end")

    player.define(slow, timeouts=Timeouts(finish=MINUTE))
    run = player.send()
    player.work()
    assert refreshed(run).status == "cancelled"
    assert journal == ["to the end"]


def test_workers_wake_in_time(player: Player, clock: ModuleType) -> None:
    player.define(naps, timeouts=Timeouts(start=MINUTE, finish=2 * MINUTE))
    player.send()
    assert player.store.due(1).next_in is not None
    player.work()
    wait = player.store.due(1).next_in
    assert wait is not None and 119 < wait < 120.1
    clock.travel(timedelta(minutes=3))
    assert player.store.due(10).count == 1


def test_a_run_that_is_retried_has_its_time_again(player: Player, fresh_registry: Registry) -> None:
    run = player.play(nap, timeouts=Timeouts(start=MINUTE, finish=HOUR))
    assert run.status == "cancelled"
    fresh_registry.restore(Registry())
    player.define(nap, timeouts=Timeouts(start=MINUTE, finish=2 * HOUR))
    durable.retry(run.pk)
    assert player.settle(run).result == "after"
    assert journal == ["before", "after"]


def test_many_runs_are_late_at_once(player: Player, clock: ModuleType) -> None:
    player.define(nap, timeouts=Timeouts(start=MINUTE))
    durable.send([durable.Event(name="case/started") for _ in range(50)])
    clock.travel(HOUR)
    player.work()
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}


def test_late_runs_are_looked_for_while_there_is_other_work(
    player: Player, clock: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.worker.drain._ATTEND", 0.0)
    player.define(nap, timeouts=Timeouts(start=MINUTE))
    late = player.send()
    clock.travel(HOUR)
    player.define(lambda ctx: None, fn_id="other", trigger=durable.TriggerEvent(event="other"))
    durable.send([durable.Event(name="other") for _ in range(3)])
    player.worker.drain(items=2)
    assert refreshed(late).status == "cancelled"


@pytest.mark.parametrize("value", [0, 500, 1500, timedelta(milliseconds=1), "1h"])
def test_a_time_that_is_no_whole_seconds_is_refused(value: Any) -> None:
    with pytest.raises(durable.DurableError, match="Timeouts: finish must be"):
        Timeouts(finish=value)
