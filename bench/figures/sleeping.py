"""What runs that sleep cost the processes of a cluster: nothing, they are rows."""

from __future__ import annotations

from collections.abc import Iterator

from bench import runs
from bench.figures.memory import resident
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage

LONG = 3_600_000  # milliseconds: they sleep until the database is dropped
EACH = 1_000  # runs that are started at once


def measure(stage: Stage) -> Iterator[Row]:
    """Look at all processes of the cluster before and after so many runs have gone to sleep."""
    stage.cluster.wait_until_ready()
    rounds = stage.either(10, 1)
    for _ in range(rounds):
        runs.await_ends(runs.send("dozer", EACH, milliseconds=0))
    before = _sizes(stage)
    for _ in range(rounds):
        runs.await_sleep(runs.send("dozer", EACH, milliseconds=LONG))
    after = _sizes(stage)
    count = rounds * EACH
    grown = [after[pid] / before[pid] for pid in before if pid in after]
    what = f"resident set with {count:,} sleeping runs / with none"
    yield Row(what=what, spread=Spread.of(grown), most=1.02)
    each = [(after[pid] - before[pid]) / count for pid in before if pid in after]
    yield Row(what="growth for each sleeping run", spread=Spread.of(each), unit="B")


def _sizes(stage: Stage) -> dict[int, int]:
    return {process.pid: resident(process.pid) for process in stage.cluster.processes()}
