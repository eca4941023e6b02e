"""What a worker grows by while it works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from statistics import linear_regression

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage

PAGE = os.sysconf("SC_PAGE_SIZE")


def measure(stage: Stage) -> Iterator[Row]:
    """Look at each worker after every thousand runs of mixed steps."""
    workers = stage.cluster.wait_until_ready().find("worker")
    each = stage.either(1000, 200)
    sizes: dict[int, list[int]] = {pid: [] for pid in workers}
    for _ in range(stage.either(11, 3)):
        runs.await_ends(runs.send("mixture", each))
        for pid in workers:
            sizes[pid].append(resident(pid))
    slopes = [linear_regression(range(len(seen)), seen).slope for seen in sizes.values()]
    per_thousand = [slope / each * 1000 / 1024 for slope in slopes]
    ratios = [seen[-1] / seen[0] for seen in sizes.values()]
    first = Spread.of([seen[0] / 2**20 for seen in sizes.values()])
    yield Row(what=f"resident set of a worker after {each:,} runs", spread=first, unit="MiB")
    yield Row(what="resident set at the end / then", spread=Spread.of(ratios), most=1.02)
    yield Row(what="growth in 1,000 runs", spread=Spread.of(per_thousand), unit="KiB")


def resident(pid: int) -> int:
    """Return the bytes of a process that are in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
