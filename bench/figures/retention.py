"""Removing old runs while new ones come in: what senders and runs notice of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import connections

from bench import crowd, runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models.status import FINAL_RUN
from durable.operations.prune import prune
from durable.operations.retention import Retention
from durable.store import get_store

_SENDS = 300


def measure(stage: Stage) -> Iterator[Row]:
    """Send a little at a time to a cluster, alone and beside removal."""
    stage.cluster.wait_until_ready()
    crowd.fill(stage.either(100_000, 10_000))
    _sends()
    alone = _sends()
    removed, beside = _beside(_sends)
    pace = Spread.of([removed[0] / removed[1]])
    yield Row(what="runs of 3 steps removed a second beside load", spread=pace)
    yield Row(what="send, p95, alone", spread=Spread.percentile(alone, 95), unit="ms")
    one, other = Spread.percentile(alone, 95), Spread.percentile(beside, 95)
    ratio = Spread.of([other.median / one.median])
    yield Row(what="send, p95, beside removal / alone", spread=ratio, most=1.5)


def _sends() -> list[float]:
    """Send events one by one, 100 a second at most; return what each took, in ms."""
    taken = []
    for _ in range(_SENDS):
        begun = time.perf_counter()
        runs.send("sequence", 1, steps=1)
        seconds = time.perf_counter() - begun
        taken.append(seconds * 1000)
        time.sleep(max(0.0, 0.01 - seconds))
    return taken


def _beside(do: Callable[[], list[float]]) -> tuple[tuple[int, float], list[float]]:
    """Remove while something is done, in little batches with rests, as a worker does."""
    over = threading.Event()
    removed: list[tuple[int, float]] = []
    thread = threading.Thread(target=_remove, args=(over, removed))
    thread.start()
    try:
        found = do()
    finally:
        over.set()
        thread.join()
    return removed[0], found


def _remove(over: threading.Event, removed: list[tuple[int, float]]) -> None:
    kept = Retention(dict.fromkeys(FINAL_RUN, timedelta(days=30)))
    begun = last = time.monotonic()
    count = 0
    for batch in prune(get_store(), kept):
        count += batch.removed.runs
        if over.wait(time.monotonic() - last):
            break
        last = time.monotonic()
    removed.append((count, time.monotonic() - begun))
    connections.close_all()
