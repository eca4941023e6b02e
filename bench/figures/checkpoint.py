"""A fenced checkpoint, against the same row by the driver alone."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import durable
from bench import raw
from bench.rounds import take_turns
from bench.rows import Row
from bench.stage import Stage
from durable.models import Step
from durable.playback.keys import step_key
from durable.playback.request import ParallelMode, Request, Work
from durable.store import get_store
from durable.store.rows import Result

BLOCK = 50  # rows between two turns


def measure(stage: Stage) -> Iterator[Row]:
    """Insert rows of one run in four ways."""
    durable.send(durable.Event(name="bench/sequence", data={"steps": 0}))
    store = get_store()
    (run,) = store.runs.claim("bench:1:1")
    numbers = itertools.count()

    def block(insert: Callable[[Result], object]) -> Callable[[], float]:
        return lambda: _time(insert, [_result(next(numbers)) for _ in range(BLOCK)])

    with raw.driver() as driver:
        rounds = take_turns(
            stage.either(100, 20),
            {
                "checkpoint": block(lambda result: store.steps.record(run, [result], ())),
                "raw": block(lambda result: driver.insert_step(run.id, result.request.key)),
                "bare": block(lambda result: driver.insert_bare(run.id, result.request.key)),
                "orm": block(
                    lambda result: Step.objects.create(
                        run_id=run.id, key=result.request.key, name="step", status="done"
                    )
                ),
            },
        )
    store.runs.finish(run, "completed", output="0")
    yield Row(what="raw INSERT + COMMIT of a step", spread=rounds.spread("raw", 1e3), unit="ms")
    yield Row(
        what="checkpoint / raw",
        spread=rounds.ratio("checkpoint", "raw"),
        most=stage.on_postgres(1.3),
    )
    yield Row(what="checkpoint / raw, bare table", spread=rounds.ratio("checkpoint", "bare"))
    yield Row(what="Step.objects.create() / raw", spread=rounds.ratio("orm", "raw"))


def _time(insert: Callable[[Result], object], results: list[Result]) -> float:
    begun = time.perf_counter()
    for result in results:
        insert(result)
    return (time.perf_counter() - begun) / len(results)


def _result(number: int) -> Result:
    name = f"step-{number}"
    request = Request(
        key=step_key(name, 0, ""),
        name=name,
        index=0,
        branch="",
        mode=ParallelMode.WAIT,
        what=Work(str),
    )
    return Result(request=request, attempt=0, seconds=0.0, output="null")
