"""Runs a second that four workers drain, against django-q2 tasks a second on the same cluster."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import transaction
from django_q.tasks import async_task

from bench import runs
from bench.rounds import take_turns
from bench.rows import Row
from bench.stage import Stage


def measure(stage: Stage) -> Iterator[Row]:
    """Queue a thousand of each in one transaction; the time begins with its commit."""
    stage.cluster.wait_until_ready()
    count = stage.either(1000, 200)
    rounds = take_turns(
        stage.either(5, 2),
        {
            "steps": lambda: _runs(count, 5),
            "empty": lambda: _runs(count, 0),
            "tasks": lambda: _tasks(stage, count),
        },
    )
    yield Row(what="runs of 5 steps, each", spread=rounds.spread("steps", 1e3), unit="ms")
    yield Row(what="runs of no step, each", spread=rounds.spread("empty", 1e3), unit="ms")
    yield Row(what="a q2 task / a run of no step", spread=rounds.ratio("tasks", "empty"), least=1.0)
    yield Row(what="a q2 task / a run of 5 steps", spread=rounds.ratio("tasks", "steps"))


def _runs(count: int, steps: int) -> float:
    """Return seconds per run."""
    with transaction.atomic():
        sent = runs.send("sequence", count, steps=steps)
    begun = time.monotonic_ns()
    return (max(runs.await_ends(sent)) - begun) / 1e9 / count


def _tasks(stage: Stage, count: int) -> float:
    """Return seconds per task."""
    path = stage.new_path()
    with transaction.atomic():
        for _ in range(count):
            async_task("bench.tasks.mark", str(path), save=False)
        begun = time.monotonic_ns()
    return (max(runs.await_marks(path, count)) - begun) / 1e9 / count
