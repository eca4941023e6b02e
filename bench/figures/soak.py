"""A steady load for a long time: what grows with it.

`DURABLE_SOAK` says for how many minutes: 60 for the hour; ten if it is not set.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from statistics import linear_regression, quantiles

from django.db import connection

from bench import runs
from bench.figures.memory import resident
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable import clock
from durable.models import Run, RunStatus
from tests.acceptance.clusters import Cluster

_RATE = 20  # events a second
_LOOK = 30.0  # seconds between two looks
_WARM = 0.15  # of the time, which is not counted in slopes
_LONG = 30.0  # minutes from which on a slope says anything: a worker is warm after some minutes
_WORKERS = 2
_SESSIONS = {
    "postgresql": "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()",
    "mysql": "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE()",
}
_DEAD = "SELECT COALESCE(SUM(n_dead_tup), 0), COALESCE(SUM(n_live_tup), 0) FROM pg_stat_user_tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was seen at a moment.

    Args:
        at: seconds since the beginning.
        sizes: resident bytes of each worker, by process id.
        sessions: of the database.
        dead: rows that a vacuum may remove.
        live: rows.
        late: p95 of seconds from the event to the end of its run, of those sent since the last look.
    """

    at: float
    sizes: dict[int, int]
    sessions: int
    dead: int
    live: int
    late: float


def measure(stage: Stage) -> Iterator[Row]:
    """Send at a steady rate to a cluster of two workers; look every half a minute."""
    minutes = float(os.environ.get("DURABLE_SOAK", "10")) if not stage.is_quick else 0.5
    stage.close()  # of four workers, if another figure has started it
    with Cluster("--workers", str(_WORKERS), DJANGO_SETTINGS_MODULE="bench.settings") as cluster:
        cluster.wait_until_ready()
        samples, sent = _soak(cluster, minutes * 60)
        left = Run.objects.filter(ended=None)
        runs.wait_until(lambda: not left.exists(), "the last runs to end", patience=600.0)
    done = Run.objects.filter(function="mixture", status=RunStatus.COMPLETED).count()
    assert done == sent, f"{sent - done} of {sent} runs did not complete"
    yield Row(what=f"runs of a soak of {minutes:g} minutes, all completed", spread=_one(sent))
    warm = [one for one in samples if one.at >= samples[-1].at * _WARM]
    yield from _processes(warm, most=1.0 if minutes >= _LONG else None)
    yield from _database(warm)
    yield from _lateness(warm)


def _processes(warm: Sequence[Sample], most: float | None) -> Iterator[Row]:
    slopes = [_slope(warm, pid) for pid in warm[-1].sizes if pid in warm[0].sizes]
    name = "growth of the resident set of a worker in an hour"
    yield Row(what=name, spread=_one(max(slopes, default=0.0)), unit="MiB", most=most)
    replaced = len(set(warm[0].sizes) - set(warm[-1].sizes))
    yield Row(what="workers that were replaced", spread=_one(replaced), most=0.0)


def _database(warm: Sequence[Sample]) -> Iterator[Row]:
    if connection.vendor in _SESSIONS:
        sessions = [one.sessions for one in warm]
        name = f"sessions of a cluster of {_WORKERS} workers, most"
        yield Row(what=name, spread=_one(max(sessions)), most=4.0 + _WORKERS)
        yield Row(what="the same, fewest", spread=_one(min(sessions)))
    if connection.vendor == "postgresql":
        dead = [one.dead / max(one.live, 1) for one in warm]
        name = "dead rows / live rows, most in the second half"
        yield Row(what=name, spread=_one(max(dead[len(dead) // 2 :])), most=0.5)


def _lateness(warm: Sequence[Sample]) -> Iterator[Row]:
    quarter = max(len(warm) // 4, 1)
    first = Spread.of([one.late for one in warm[:quarter]])
    last = Spread.of([one.late for one in warm[-quarter:]])
    yield Row(what="event to end of its run, p95, first quarter", spread=first, unit="s")
    ratio = last.median / first.median
    yield Row(what="the same, last quarter / first", spread=_one(ratio), most=1.2)


def _slope(samples: Sequence[Sample], pid: int) -> float:
    """Return MiB an hour."""
    hours = [one.at / 3600 for one in samples]
    return linear_regression(hours, [one.sizes[pid] / 2**20 for one in samples]).slope


def _soak(cluster: Cluster, seconds: float) -> tuple[list[Sample], int]:
    begun, sent, samples = time.monotonic(), 0, list[Sample]()
    since, looked = clock.now(), begun
    while (at := time.monotonic()) - begun < seconds:
        due = int((at - begun) * _RATE) - sent
        for _ in range(due):
            runs.send("mixture")
        sent += due
        if at - looked >= min(_LOOK, seconds / 6):
            samples.append(_look(cluster, at - begun, since))
            print(json.dumps(asdict(samples[-1])), file=sys.stderr, flush=True)
            since, looked = clock.now(), at
        time.sleep(1 / _RATE)
    return samples, sent


def _look(cluster: Cluster, at: float, since: datetime) -> Sample:
    ended = Run.objects.filter(created__gte=since, ended__isnull=False)
    times = ended.values_list("created", "ended")
    taken = [(end - begin).total_seconds() for begin, end in times if end]
    dead, live = _row(_DEAD) if connection.vendor == "postgresql" else (0, 0)
    return Sample(
        at=at,
        sizes={pid: resident(pid) for pid in cluster.find("worker")},
        sessions=_row(_SESSIONS[connection.vendor])[0] - 1 if connection.vendor in _SESSIONS else 0,
        dead=dead,
        live=live,
        late=quantiles(taken, n=100, method="inclusive")[94] if len(taken) > 1 else 0.0,
    )


def _row(text: str) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return tuple(map(int, cursor.fetchone()))


def _one(value: float) -> Spread:
    return Spread.of([value])
