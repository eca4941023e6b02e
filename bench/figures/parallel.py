"""A wide group on four workers, against one django-q2 task for each of its steps.

The steps are planned, claimed, recorded and joined. The tasks keep no result; they join by counting down a row, or
not at all: then each only adds a line to a file. All times begin before the sending.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from bench import runs
from bench.rounds import take_turns
from bench.rows import Row
from bench.stage import Stage
from bench.tasks import begin_group

TARGETS = {100: 5.0, 1000: 10.0}
REST = 0.2  # seconds, so that each begins on idle workers

_groups = itertools.count()


def measure(stage: Stage) -> Iterator[Row]:
    """Take turns on one cluster."""
    stage.cluster.wait_until_ready()
    for steps, least in TARGETS.items():
        rounds = take_turns(
            stage.either(9, 2 if steps < 1000 else 1),
            {
                "group": partial(_group, steps),
                "joined": partial(_joined_tasks, stage, steps),
                "loose": partial(_loose_tasks, stage, steps),
            },
        )
        name = f"{steps:,} steps"
        yield Row(what=f"a group of {name}", spread=rounds.spread("group", 1e3), unit="ms")
        yield Row(
            what=f"a q2 task each, joined / {name}",
            spread=rounds.ratio("joined", "group"),
            least=stage.with_own_broker(least),
        )
        loose = rounds.ratio("loose", "group")
        yield Row(what=f"the same, not joined, queued in one commit / {name}", spread=loose)


def _group(steps: int) -> float:
    time.sleep(REST)
    begun = time.monotonic_ns()
    (end,) = runs.await_ends(runs.send("fan", steps=steps))
    return (end - begun) / 1e9


def _joined_tasks(stage: Stage, count: int) -> float:
    path = stage.new_path()
    group = next(_groups)
    begin_group(group, count)
    time.sleep(REST)
    begun = time.monotonic_ns()
    for _ in range(count):
        async_task("bench.tasks.count_down", str(path), group, save=False)
    return (runs.await_marks(path, 1)[0] - begun) / 1e9


def _loose_tasks(stage: Stage, count: int) -> float:
    path = stage.new_path()
    time.sleep(REST)
    begun = time.monotonic_ns()
    with transaction.atomic():
        for _ in range(count):
            async_task("bench.tasks.mark", str(path), save=False)
    return (max(runs.await_marks(path, count)) - begun) / 1e9
