"""Counting runs that have ended, for charts: each once, by any of the workers, away from their work.

A minute is counted when it is `LAG` old: by then what ended in it has been committed. Only a run that is
cancelled within a transaction that stays open for longer is left out. After a pause in which nobody
counted, what ended since is counted, stretch by stretch, as far back as anybody is shown.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import log2

from durable import codec
from durable.models import RunStatus
from durable.operations.fingerprint import fingerprint
from durable.store import Store
from durable.store.rollups import Alike, Ended, Sums

LAG = timedelta(minutes=2)
REST = 30.0  # seconds between two looks, of all workers together
BACK = timedelta(hours=26)  # for which there are sums: nobody is shown more than a day
_STRETCH = timedelta(minutes=15)
_KINDS = 50  # of failures of one function in a stretch, by which the others are counted together
LARGEST = 127


def advance(store: Store) -> int:
    """Count what has ended since the last look; return how many stretches that were."""
    taken = store.rollups.take(REST, BACK)
    if taken is None:
        return 0
    until, now = taken
    end = _minute(now - LAG)
    stretches = 0
    while until < end:
        following = _following(store, until, end)
        if not store.rollups.add(until, following, _count(store, until, following)):
            return stretches  # it took so long that somebody else began
        until = following
        stretches += 1
    if stretches:
        store.rollups.drop(now - BACK)
    return stretches


def _following(store: Store, until: datetime, end: datetime) -> datetime:
    """Return the end of the next stretch in which anything ended."""
    first = store.rollups.first_end(until)
    if first is None or first >= end:
        return end
    return min(_minute(first) + _STRETCH, end)


def _count(store: Store, since: datetime, until: datetime) -> Sums:
    sums = Sums()
    for run in store.rollups.ended(since, until):
        minute, end = (_minute(run.ended), run.status), (_hour(run.ended), run.function, run.status)
        sums.runs[minute] = sums.runs.get(minute, 0) + 1
        sums.ends[end] = sums.ends.get(end, 0) + 1
        if run.status == RunStatus.COMPLETED and run.started is not None:
            slot = (_hour(run.ended), run.function, bucket_of(run))
            sums.times[slot] = sums.times.get(slot, 0) + 1
    for failed in store.rollups.failed(since, until):
        kind = fingerprint(codec.decode(failed.error))
        known = sum(name == failed.function for _, name, _ in sums.failures)
        where = (_hour(failed.ended), failed.function, kind.digest)
        if where not in sums.failures and known >= _KINDS:
            kind = fingerprint({"name": "", "message": "other errors"})
            where = (_hour(failed.ended), failed.function, kind.digest)
        alike = sums.failures.setdefault(
            where, Alike(kind.name, kind.place, kind.message, 0, failed.ended, failed.id)
        )
        alike.count += 1
        if failed.ended >= alike.last:
            alike.last, alike.run = failed.ended, failed.id
    return sums


def bucket_of(run: Ended) -> int:
    """Return the bucket of a run's duration: four to a doubling, from a millisecond on."""
    assert run.started is not None
    milliseconds = (run.ended - run.started).total_seconds() * 1000
    return min(int(4 * log2(milliseconds)), LARGEST) if milliseconds > 1 else 0


def seconds_of(bucket: int) -> float:
    """Return the middle of a bucket: what was in it took that, give or take 9 percent."""
    return float(2 ** ((bucket + 0.5) / 4)) / 1000


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
