"""Many workers on many runs: every join fires once, every result counts once, nothing gets stuck."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial

import pytest

import durable
from durable.models import Run, Step
from durable.store import Store
from tests.invariants import stage
from tests.invariants.actors import PATIENCE, together

RUNS, WORKERS = 60, 4
STEPS = ("before", "a", "b", "c", "after")


def define(mode: durable.ParallelMode, strict: bool) -> None:
    @durable.create_function(
        fn_id="joins",
        trigger=durable.TriggerEvent(event="invariant"),
        parallel_mode=mode,
        strict=strict,
    )
    def joins(ctx: durable.ContextSync) -> dict[str, str]:
        step = partial(do, ctx)
        before = step("before")
        a, b, c = ctx.group.parallel(tuple(partial(step, name) for name in "abc"))
        return {"before": before, "a": a, "b": b, "c": c, "after": step("after")}


def do(ctx: durable.ContextSync, name: str) -> str:
    return ctx.step.run(name, stage.say, f"{ctx.run_id} {name}")


def work_until_all_ended(store: Store, name: str) -> None:
    worker = stage.worker(store, name, WORKERS)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if not worker.take_one() and not Run.objects.filter(ended=None).exists():
            return
    raise AssertionError("some runs do not come to an end")


@pytest.mark.parametrize("strict", [False, True], ids=["live", "strict"])
@pytest.mark.parametrize("mode", durable.ParallelMode)
def test_every_join_fires_once(store: Store, mode: durable.ParallelMode, strict: bool) -> None:
    define(mode, strict)
    durable.send([durable.Event(name="invariant") for _ in range(RUNS)])
    together(
        [partial(work_until_all_ended, store, f"worker-{number}") for number in range(WORKERS)]
    )
    runs = Run.objects.all()
    assert Counter(run.status for run in runs) == {"completed": RUNS}
    assert Counter(Step.objects.values_list("name", "status")) == {
        (name, "done"): RUNS for name in STEPS
    }
    assert set(stage.bodies().values()) == {1}
    for run in runs:
        stage.check_end(run)
        stage.check_remembered(run)
