"""How late timers are: from when they are due, by the clock, to the first line that runs."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage

SHORTEST, LONGEST = 1000, 1500  # milliseconds that a timer runs for
MOST = 50.0  # milliseconds


def measure(stage: Stage) -> Iterator[Row]:
    """Have steps fail once, and runs sleep, each for a time of its own, on workers with little to do."""
    stage.cluster.wait_until_ready()
    for function, what in (("late", "a retry begins"), ("sleeper", "a sleeping run wakes")):
        late = _lateness(stage, function)
        yield Row(what=f"{what} late by, p50", spread=Spread.of(late), unit="ms")
        p95 = Spread.percentile(late, 95)
        most = stage.with_own_broker(MOST)
        yield Row(what=f"{what} late by, p95", spread=p95, unit="ms", most=most)


def _lateness(stage: Stage, function: str) -> list[float]:
    paths = [stage.new_path() for _ in range(stage.either(100, 15))]
    sent = []
    for path in paths:
        start = partial(runs.send, function, path=str(path))
        sent += start(milliseconds=random.randint(SHORTEST, LONGEST))
        time.sleep(0.05)
    runs.await_ends(sent)
    times = [map(int, path.read_text().split()) for path in paths]
    return [(begun - due) / 1e6 for due, begun in times]
