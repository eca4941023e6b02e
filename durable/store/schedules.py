"""Schedules: one row for each cron line of a function. The plain ORM on every database: ticks are rare."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from django.db.models import QuerySet

from durable import clock
from durable.models import Schedule
from durable.store.clock import database_now, until
from durable.store.executor import retried
from durable.store.rows import Scheduled
from durable.store.table import Table


class Schedules(Table):
    """The rows of Schedule on one database."""

    @property
    def rows(self) -> QuerySet[Schedule]:
        """All schedules."""
        return Schedule.objects.using(self.alias)

    @retried
    def all(self) -> list[Scheduled]:
        """Return every schedule, with the time of the database, the next to come due first."""
        rows = self.rows.annotate(wait=until("due_at")).order_by("due_at", "id")
        fields = ("id", "function", "cron", "due_at", "wait")
        return [Scheduled(**row) for row in rows.values(*fields)]

    @retried
    def add(self, lines: Collection[tuple[str, str]]) -> None:
        """Insert a row for each function and line that has none; it is due, so that somebody looks."""
        # What the database writes itself, SQLite does not find again by the value that was read.
        # A second ago, as the clocks of here and there differ by some.
        due_at, now = clock.now() - timedelta(seconds=1), cast(Any, database_now())
        rows = [
            Schedule(function=function, cron=cron, due_at=due_at, created=now)
            for function, cron in sorted(lines)
        ]
        self.rows.bulk_create(rows, ignore_conflicts=True)

    def move(self, row: Scheduled, due_at: datetime, fired: datetime | None = None) -> bool:
        """Go on to the next time, from the one that was read; False if somebody else has.

        In the transaction that starts the run of that time, if it has come.
        """
        values: dict[str, Any] = {"due_at": due_at} | ({"fired": fired} if fired else {})
        return self.rows.filter(pk=row.id, due_at=row.due_at).update(**values) == 1

    @retried
    def drop(self, row: Scheduled) -> bool:
        """Delete a row, unless it has been moved since it was read."""
        return self.rows.filter(pk=row.id, due_at=row.due_at).delete()[0] == 1
