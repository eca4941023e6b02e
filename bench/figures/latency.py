"""From `send` to the first line of the first step, on idle workers; against the start of a q2 task."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from django_q.tasks import async_task

from bench import runs
from bench.rounds import Rounds, Spread
from bench.rows import Row
from bench.stage import Stage

SHORTEST, LONGEST = 0.15, 0.45  # seconds between two starts; workers have gone to rest by then


def measure(stage: Stage) -> Iterator[Row]:
    """Start a run, then a task, then a run …, at times that match no poll."""
    stage.cluster.wait_until_ready()
    path = stage.new_path()
    sent: list[int] = []
    started = []
    queued: list[int] = []
    for _ in range(stage.either(120, 10)):
        _pause()
        sent.append(time.monotonic_ns())
        started += runs.send("begin")
        _pause()
        queued.append(time.monotonic_ns())
        async_task("bench.tasks.mark", str(path), save=False)
    ends = sorted(runs.await_ends(started))
    marks = sorted(runs.await_marks(path, len(queued)))
    rounds = Rounds(taken={"run": _gaps(sent, ends), "task": _gaps(queued, marks)})
    most = stage.with_own_broker(15.0)
    yield Row(what="send to first step, p50", spread=rounds.spread("run"), unit="ms", most=most)
    yield Row(
        what="send to first step, p95", spread=Spread.percentile(rounds.taken["run"], 95), unit="ms"
    )
    yield Row(what="q2 task queued to begun, p50", spread=rounds.spread("task"), unit="ms")
    yield Row(what="send to first step / q2 task", spread=rounds.ratio("run", "task"))


def _pause() -> None:
    time.sleep(random.uniform(SHORTEST, LONGEST))


def _gaps(begun: list[int], ended: list[int]) -> list[float]:
    return [(end - begin) / 1e6 for begin, end in zip(begun, ended, strict=True)]
