"""A backlog, drained by four workers: every run once, every step once."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import transaction

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Run, RunStatus, Step

_STEPS = 5


def measure(stage: Stage) -> Iterator[Row]:
    """Commit the events of ten thousand runs at once; look until the last one has ended."""
    stage.cluster.wait_until_ready()
    count = stage.either(10_000, 500)
    before = Step.objects.count()
    with transaction.atomic():
        for _ in range(count // 500):
            runs.send("sequence", 500, steps=_STEPS)
    begun = time.monotonic()
    left = Run.objects.filter(ended=None)
    runs.wait_until(lambda: not left.exists(), f"{count} runs to end", patience=600.0)
    seconds = time.monotonic() - begun
    done = Run.objects.filter(function="sequence", status=RunStatus.COMPLETED).count()
    recorded = Step.objects.count() - before
    assert recorded == count * _STEPS, f"{recorded} steps were recorded of {count * _STEPS}"
    assert done >= count, f"{count - done} runs did not complete"
    spread = Spread.of([seconds])
    name = f"draining {count:,} runs of {_STEPS} steps"
    yield Row(what=name, spread=spread, unit="s", most=360.0)
    yield Row(what="steps recorded a second", spread=Spread.of([recorded / seconds]), least=150.0)
