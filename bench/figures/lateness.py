"""How late a retry begins: a timer, from its due time by the clock to the body's first line."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage

SHORTEST, LONGEST = 1000, 1500  # milliseconds after which the step asks to be tried again


def measure(stage: Stage) -> Iterator[Row]:
    """Have steps fail once, each with a delay of its own, on workers with little else to do."""
    stage.cluster.wait_until_ready()
    paths = [stage.new_path() for _ in range(stage.either(100, 15))]
    sent = []
    for path in paths:
        sent += runs.send("late", path=str(path), milliseconds=random.randint(SHORTEST, LONGEST))
        time.sleep(0.05)
    runs.await_ends(sent)
    late = [_lateness(path.read_text()) for path in paths]
    yield Row(what="a retry begins late by, p50", spread=Spread.of(late), unit="ms")
    most = stage.with_own_broker(50.0)
    p95 = Spread.percentile(late, 95)
    yield Row(what="a retry begins late by, p95", spread=p95, unit="ms", most=most)


def _lateness(text: str) -> float:
    due, begun = map(int, text.split())
    return (begun - due) / 1e6
