"""A wide group on four workers, against one django-q2 task for each of its steps.

The tasks keep no result and count nothing: each adds a line to a file. The steps are planned, claimed, recorded and
joined. Both times begin before the sending.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from django.db import transaction
from django_q.tasks import async_task

from bench import runs
from bench.rounds import take_turns
from bench.rows import Row
from bench.stage import Stage

TARGETS = {100: 5.0, 1000: 10.0}


def measure(stage: Stage) -> Iterator[Row]:
    """Take turns on one cluster, which rests in between."""
    stage.cluster.wait_until_ready()
    for steps, least in TARGETS.items():
        rounds = take_turns(
            stage.either(9, 2),
            {
                "group": partial(_group, steps),
                "tasks": partial(_tasks, stage, steps),
                "tasks at once": partial(_tasks_at_once, stage, steps),
            },
        )
        name = f"{steps:,} steps"
        yield Row(what=f"a group of {name}", spread=rounds.spread("group", 1e3), unit="ms")
        yield Row(
            what=f"a q2 task each / {name}", spread=rounds.ratio("tasks", "group"), least=least
        )
        at_once = rounds.ratio("tasks at once", "group")
        yield Row(what=f"the same, queued in one transaction / {name}", spread=at_once)


def _group(steps: int) -> float:
    begun = time.monotonic_ns()
    (end,) = runs.await_ends(runs.send("fan", steps=steps))
    _rest()
    return (end - begun) / 1e9


def _tasks(stage: Stage, count: int) -> float:
    path = stage.new_path()
    begun = time.monotonic_ns()
    for _ in range(count):
        async_task("bench.tasks.mark", str(path), save=False)
    end = max(runs.await_marks(path, count))
    _rest()
    return (end - begun) / 1e9


def _tasks_at_once(stage: Stage, count: int) -> float:
    path = stage.new_path()
    begun = time.monotonic_ns()
    with transaction.atomic():
        for _ in range(count):
            async_task("bench.tasks.mark", str(path), save=False)
    end = max(runs.await_marks(path, count))
    _rest()
    return (end - begun) / 1e9


def _rest() -> None:
    time.sleep(0.2)
