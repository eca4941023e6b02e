"""Payloads at their limits: what a worker's memory says to them, and whether time stays in proportion."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench import runs
from bench.figures.memory import resident
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage

_MIB = 1 << 20
_KIB = 256  # of each result: a hundred of them stay below DURABLE["MAX_RUN_BYTES"]


def measure(stage: Stage) -> Iterator[Row]:
    """Have a group return large results, a run have very many steps, and a group be very wide."""
    workers = stage.cluster.wait_until_ready().find("worker")
    branches = stage.either(100, 20)
    seconds = _end("hoard", steps=branches, bytes=_KIB * 1024)
    name = f"a group of {branches} results of {_KIB} KiB"
    yield Row(what=name, spread=Spread.of([seconds]), unit="s")
    largest = Spread.of([max(resident(pid) for pid in workers) / _MIB])
    yield Row(what="largest worker after it", spread=largest, unit="MiB", most=300.0)
    short, long = stage.either(100, 20), stage.either(1000, 200)
    each_of_few = _end("sequence", steps=short) / short
    each_of_many = _end("sequence", steps=long) / long
    ratio = Spread.of([each_of_many / each_of_few])
    yield Row(what=f"a step of {long} / a step of {short}", spread=ratio, most=1.5)
    wide = Spread.of([_end("fan", steps=long)])
    yield Row(what=f"a group of {long} steps joined", spread=wide, unit="s", most=60.0)


def _end(name: str, **data: int) -> float:
    begun = time.monotonic()
    runs.await_ends(runs.send(name, 1, **data))
    return time.monotonic() - begun
