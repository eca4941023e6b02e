"""A tenant with a backlog, and one who sends a little at a time: how long the latter waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

from django.db import transaction

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Run

_STEPS = 5
_MOST = 90  # events of the small tenant, one a second


def measure(stage: Stage) -> Iterator[Row]:
    """Send one run a second for a small tenant until the backlog of the large one is drained."""
    stage.cluster.wait_until_ready()
    count = stage.either(10_000, 1_000)
    with transaction.atomic():
        large = [
            run
            for _ in range(count // 500)
            for run in runs.send_for("large", "sequence", 500, steps=_STEPS)
        ]
    left = Run.objects.filter(tenant="large", ended=None)
    small: list[UUID] = []
    while left.exists() and len(small) < _MOST:
        small += runs.send_for("small", "sequence", steps=_STEPS)
        time.sleep(1.0)
    behind = left.count()
    runs.wait_until(lambda: not left.exists(), f"{count} runs to end", patience=600.0)
    runs.await_ends(small)
    ages = [_started_after(run) for run in Run.objects.filter(pk__in=small)]
    name = f"start of one a second beside {count:,} of another tenant, p95"
    yield Row(what=name, spread=Spread.percentile(ages, 95), unit="s", most=5.0)
    worst = max(_started_after(run) for run in Run.objects.filter(pk__in=large[-100:]))
    yield Row(what="start of the last of those", spread=Spread.of([worst]), unit="s")
    yield Row(what="of those left at the last one a second", spread=Spread.of([behind]))


def _started_after(run: Run) -> float:
    assert run.started is not None
    return (run.started - run.created).total_seconds()
