"""Sums over runs that have ended. The plain ORM: it is asked for twice a minute."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Min, Q, QuerySet

from durable.models import EndTally, FailureTally, Rollup, Run, RunStatus, RunTally, TimeTally
from durable.store.clock import database_in, database_now
from durable.store.clock import until as wait_until
from durable.store.executor import retried
from durable.store.table import Table

_BATCH = 500


class Ended(NamedTuple):
    """A run that has ended."""

    function: str
    status: str
    started: datetime | None
    ended: datetime


class Failed(NamedTuple):
    """A run that has failed."""

    id: UUID
    function: str
    error: str
    ended: datetime


@dataclass(slots=True)
class Alike:
    """Failures of one kind within an hour."""

    name: str
    place: str
    message: str
    count: int
    last: datetime
    run: UUID


@dataclass(slots=True)
class Sums:
    """What was counted of a stretch of time."""

    runs: dict[tuple[datetime, str], int] = field(default_factory=dict)
    ends: dict[tuple[datetime, str, str], int] = field(default_factory=dict)
    times: dict[tuple[datetime, str, int], int] = field(default_factory=dict)
    failures: dict[tuple[datetime, str, str], Alike] = field(default_factory=dict)


class Rollups(Table):
    """The sums on one database, and how far they go."""

    @retried
    def take(self, seconds: float, back: timedelta) -> tuple[datetime, datetime] | None:
        """Keep others from counting for a while.

        Args:
            seconds: for so long.
            back: how far to go back when nothing was ever counted.

        Returns:
            Until when runs are counted, and the database's time; None if somebody else is at it, or
            was a moment ago.
        """
        rows = Rollup.objects.using(self.alias)
        read = rows.values_list("until", "due_at", wait_until("due_at"))
        found = read.first()
        if found is None:
            then: Any = database_in(-back.total_seconds())
            now: Any = database_now()
            rows.bulk_create([Rollup(id=1, until=then, due_at=now)], ignore_conflicts=True)
            found = read.get()
        until, due_at, wait = found
        if wait > timedelta():
            return None
        mine = rows.filter(due_at__lte=database_now()).update(due_at=database_in(seconds))
        return (until, due_at - wait) if mine else None

    def first_end(self, since: datetime) -> datetime | None:
        """Return when the first run ended since then."""
        rows = Run.objects.using(self.alias).filter(ended__gte=since)
        first: datetime | None = rows.aggregate(first=Min("ended"))["first"]
        return first

    def ended(self, since: datetime, until: datetime) -> Iterator[Ended]:
        """Return the runs that ended in a stretch of time."""
        rows = self._within(since, until).values_list("function", "status", "started", "ended")
        found: Any = rows.iterator(chunk_size=2000)
        return (Ended(*row) for row in found)

    def failed(self, since: datetime, until: datetime) -> Iterator[Failed]:
        """Return the runs that failed in a stretch of time."""
        rows = self._within(since, until).filter(status=RunStatus.FAILED, error__isnull=False)
        named = rows.values_list("id", "function", "error", "ended")
        found: Any = named.iterator(chunk_size=200)
        return (Failed(*row) for row in found)

    def _within(self, since: datetime, until: datetime) -> QuerySet[Run]:
        """Runs of whole functions: what fan-out makes of steps is counted with their runs."""
        rows = Run.objects.using(self.alias).filter(ended__gte=since, ended__lt=until)
        return rows.filter(step="")

    def add(self, since: datetime, until: datetime, sums: Sums) -> bool:
        """Add what was counted from `since` to `until`; False if somebody else has done so."""
        with transaction.atomic(self.alias):
            row = Rollup.objects.using(self.alias).filter(pk=1, until=since)
            if not row.update(until=until):
                return False
            tallies = [
                RunTally(minute=minute, status=status, count=count)
                for (minute, status), count in sums.runs.items()
            ]
            RunTally.objects.using(self.alias).bulk_create(tallies, batch_size=_BATCH)
            self._add(EndTally, "status", sums.ends)
            self._add(TimeTally, "bucket", sums.times)
            self._add_failures(sums.failures)
        return True

    def _add(
        self,
        tally: Any,  # the model
        kind: str,
        sums: Mapping[tuple[datetime, str, Any], int],
    ) -> None:
        rows = tally.objects.using(self.alias)
        hours = rows.filter(hour__in={hour for hour, _, _ in sums})
        known = {(row.hour, row.function, getattr(row, kind)): row for row in hours}
        for key, count in sums.items():
            if key in known:
                known[key].count += count
        changed = [known[key] for key in sums if key in known]
        rows.bulk_update(changed, ["count"], batch_size=_BATCH)
        new = [
            tally(hour=hour, function=function, count=count, **{kind: value})
            for (hour, function, value), count in sums.items()
            if (hour, function, value) not in known
        ]
        rows.bulk_create(new, batch_size=_BATCH)

    def _add_failures(self, failures: Mapping[tuple[datetime, str, str], Alike]) -> None:
        rows = FailureTally.objects.using(self.alias)
        known = {
            (row.hour, row.function, row.fingerprint): row
            for row in rows.filter(hour__in={hour for hour, _, _ in failures})
        }
        erased = self._erased(alike.run for alike in failures.values())
        for (hour, function, digest), alike in failures.items():
            row = known.get((hour, function, digest))
            if row is None:
                row = FailureTally(hour=hour, function=function, fingerprint=digest, count=0)
                row.name, row.place = alike.name, alike.place
                row.message = "" if alike.run in erased else alike.message
            row.count, row.last, row.run = row.count + alike.count, alike.last, alike.run
            row.save(using=self.alias)

    def hush(self, function: str, run: UUID, kinds: Collection[str]) -> None:
        """Forget what the failures of a run say, in the caller's transaction; their number stays.

        Args:
            function: of the run.
            run: its id.
            kinds: the fingerprints of its failures, which other runs may have, too.
        """
        mine = Q(function=function, fingerprint__in=list(kinds)) | Q(run=run)
        FailureTally.objects.using(self.alias).filter(mine).update(message="")

    def _erased(self, runs: Iterable[UUID]) -> set[UUID]:
        """Return those that were erased since they were counted."""
        rows = Run.objects.using(self.alias).filter(pk__in=list(runs), erased__isnull=False)
        return set(rows.values_list("pk", flat=True))

    def drop(self, before: datetime) -> None:
        """Remove sums that are older."""
        RunTally.objects.using(self.alias).filter(minute__lt=before).delete()
        for rows in (EndTally, TimeTally, FailureTally):
            rows.objects.using(self.alias).filter(hour__lt=before - timedelta(hours=1)).delete()
