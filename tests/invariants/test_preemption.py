"""One worker is stopped at each of its statements in turn, while another does what it can find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

import durable
from durable import clock
from durable.models import Run
from durable.store import Store
from tests.invariants import stage
from tests.invariants.actors import preempted

FIRST, SECOND = "first", "second"
MODES = pytest.mark.parametrize("mode", durable.ParallelMode)


def define(mode: durable.ParallelMode) -> None:
    @durable.create_function(
        fn_id="preempted", trigger=durable.TriggerEvent(event="invariant"), parallel_mode=mode
    )
    def function(ctx: durable.ContextSync) -> dict[str, str]:
        def say(name: str) -> str:
            return ctx.step.run(name, stage.say, name)

        before = say("before")
        a, (b, c) = ctx.group.parallel((lambda: say("a"), lambda: (say("b"), say("c"))))
        return {"before": before, "a": a, "b": b, "c": c, "after": say("after")}


def play(
    store: Store, stop_at: int, meanwhile: Callable[[], Any] = lambda: None
) -> tuple[Run, str] | None:
    """Stop the first worker there; return the run at its end, and where that was."""
    stage.journal.clear()
    run = stage.send()
    known: list[Any] = []

    def second() -> None:
        meanwhile()
        stage.work(stage.worker(store, SECOND))

    def look() -> None:
        if Run.objects.filter(pk=run, ended__isnull=False).exists():
            known.append(stage.snapshot(run))

    first = partial(stage.work, stage.worker(store, FIRST))
    both = preempted(first, second, stop_at, before_resuming=look)
    if known:
        assert known[-1] == stage.snapshot(run), both and both[2]
    ended = stage.settle(store, run)
    stage.check_end(ended)
    return (ended, both[2]) if both else None


def sweep(store: Store, stride: int, meanwhile: Callable[[], Any], most_bodies: int) -> None:
    for stop_at in count(1, stride):
        found = play(store, stop_at, meanwhile)
        if found is None:
            break
        run, where = found
        assert run.status == "completed", where
        stage.check_remembered(run)
        assert max(stage.bodies().values()) <= most_bodies, where
        assert len(stage.bodies()) == 5, where
    assert stop_at > 10


def expire() -> None:
    clock.travel(timedelta(seconds=stage.LEASE + 1))


def reap(store: Store) -> None:
    store.release_owners([f"{FIRST}:1:1"])


@MODES
def test_two_workers_share_a_run_and_every_body_runs_once(
    store: Store, stride: int, mode: durable.ParallelMode
) -> None:
    define(mode)
    sweep(store, stride, lambda: None, most_bodies=1)


@MODES
def test_a_late_worker_changes_nothing(
    store: Store, stride: int, mode: durable.ParallelMode
) -> None:
    define(mode)
    sweep(store, stride, expire, most_bodies=2)


@MODES
def test_a_worker_that_was_given_up_too_early_changes_nothing(
    store: Store, stride: int, mode: durable.ParallelMode
) -> None:
    define(mode)
    sweep(store, stride, partial(reap, store), most_bodies=2)
