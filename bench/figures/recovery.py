"""From `kill -9` of the worker in the middle of a step until another one begins that step again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.conf import conf


def measure(stage: Stage) -> Iterator[Row]:
    """Kill so many workers."""
    stage.cluster.wait_until_ready()
    taken = [_kill(stage.new_path()) for _ in range(stage.either(10, 2))]
    spread = Spread.of(taken)
    yield Row(what="kill -9 to the step's next try", spread=spread, unit="s", most=1.0)
    lease = Spread.of([seconds / conf.LEASE for seconds in taken])
    yield Row(what="the same / the lease", spread=lease)


def _kill(path: Path) -> float:
    sent = runs.send("victim", path=str(path))
    runs.wait_until(lambda: len(_lines(path)) == 1, "a step to begin")
    killed = time.monotonic_ns()
    os.kill(_lines(path)[0][0], signal.SIGKILL)
    runs.wait_until(lambda: len(_lines(path)) == 2, "it to begin again")
    runs.await_ends(sent)
    return (_lines(path)[1][1] - killed) / 1e9


def _lines(path: Path) -> list[tuple[int, int]]:
    """Return who began the step, and when."""
    if not path.exists():
        return []
    words = [line.split() for line in path.read_text().splitlines()]
    return [(int(pid), int(began)) for pid, began in words]
