"""The smallest site: SQLite, and a cluster of two workers."""

from __future__ import annotations

import time
from collections.abc import Iterator

from django.db import connection

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Step
from tests.acceptance.clusters import Cluster


def measure(stage: Stage) -> Iterator[Row]:
    """Have it do groups and sequences at the same time, while this process writes, too."""
    if connection.vendor != "sqlite":
        return
    stage.close()  # of four workers
    count = stage.either(300, 40)
    with Cluster("--workers", "2", DJANGO_SETTINGS_MODULE="bench.settings") as cluster:
        cluster.wait_until_ready()
        before, begun = Step.objects.count(), time.monotonic()
        sent = [run for _ in range(count) for run in runs.send("mixture")]
        runs.await_ends(sent)
        pace = (Step.objects.count() - before) / (time.monotonic() - begun)
        locked = cluster.said.count("database is locked")
    yield Row(what="steps a second of two workers", spread=Spread.of([pace]), least=20.0)
    yield Row(what='"database is locked" in their log', spread=Spread.of([locked]), most=0.0)
