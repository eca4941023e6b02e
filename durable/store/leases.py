"""Leases: renewed while work goes on, released when its process is gone; and what is due next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from durable.conf import conf
from durable.models import Event, Run, RunStatus, Schedule, Step, StepStatus
from durable.store.clock import database_in, database_now, until
from durable.store.executor import retried
from durable.store.rows import Due
from durable.store.table import Table

Lines = Sequence[tuple[str, str]]  # functions and their cron lines

_CLAIMABLE = (StepStatus.PENDING, StepStatus.RUNNING)


class Leases(Table):
    """The due rows of both tables on one database."""

    @property
    def tables(self) -> tuple[QuerySet[Run], QuerySet[Step]]:
        """Runs and planned steps that are not final."""
        runs = Run.objects.using(self.alias).filter(due_at__isnull=False)
        steps = Step.objects.using(self.alias).filter(due_at__isnull=False, status__in=_CLAIMABLE)
        return runs, steps

    def renew(self, runs: Mapping[UUID, int], steps: Mapping[int, int]) -> None:
        """Move the leases of work that is being driven, by id and claim, to a full length from now."""
        self.shorten(runs, steps, conf.LEASE)

    @retried
    def shorten(self, runs: Mapping[UUID, int], steps: Mapping[int, int], seconds: float) -> None:
        """Have the leases of work that is given up end in `seconds`."""
        lease = database_in(seconds)
        held_runs, held_steps = self.tables
        for run, claim in sorted(runs.items()):
            held_runs.filter(pk=run, claim=claim, status=RunStatus.RUNNING).update(due_at=lease)
        for step, claim in sorted(steps.items()):
            held_steps.filter(pk=step, claim=claim, status=StepStatus.RUNNING).update(due_at=lease)

    def due(self, limit: int, lines: Lines = ()) -> Due:
        """Count claimable rows up to `limit`; say in how many seconds the next comes due.

        Args:
            limit: what is more need not be counted.
            lines: whose schedules count.
        """
        now = database_now()
        count = 0
        waits: list[timedelta] = []
        looked_at: list[QuerySet[Any]] = [*self.tables, *self._schedules(lines)]
        times = [(rows, "due_at") for rows in looked_at]
        for rows, time in [*times, (Run.objects.using(self.alias), "deadline")]:
            count += rows.filter(**{f"{time}__lte": now}).order_by()[:limit].count()
            coming = rows.filter(**{f"{time}__isnull": False}).order_by(time)
            waits += coming.values_list(until(time), flat=True)[:1]
        events = Event.objects.using(self.alias).filter(route_at__lte=now)
        count += events.order_by()[:limit].count()
        return Due(min(count, limit), min(waits).total_seconds() if waits else None)

    def _schedules(self, lines: Lines) -> list[QuerySet[Schedule]]:
        if not lines:
            return []
        these = reduce(or_, (Q(function=function, cron=cron) for function, cron in lines))
        return [Schedule.objects.using(self.alias).filter(these)]

    def live_owners(self, prefix: str) -> list[str]:
        """Return who holds leases now, of those whose name starts with `prefix`."""
        found: set[str] = set()
        for rows in self.tables:
            held = rows.filter(owner__startswith=prefix).order_by()
            found |= {str(owner) for owner in held.values_list("owner", flat=True).distinct()}
        return sorted(found)

    def mend(self) -> int:
        """Make due the parked runs that wait for steps of which none is open: a count was lost."""
        open_step = Step.objects.filter(run=OuterRef("pk"), status__in=_CLAIMABLE)
        parked = Run.objects.using(self.alias).filter(status=RunStatus.WAITING, pending__gt=0)
        # MariaDB updates rows as they are by now, but looks for steps as they were when it began.
        lost = parked.filter(~Exists(open_step)).values_list("pk", "claim")
        return sum(
            parked.filter(pk=run, claim=claim).update(
                status=RunStatus.QUEUED, due_at=database_now(), pending=0
            )
            for run, claim in list(lost)
        )

    @retried
    def release_owners(self, owners: Sequence[str]) -> int:
        """Make due now what these owners hold: their processes are gone."""
        held = Q(owner__in=list(owners), status=RunStatus.RUNNING)
        now: Any = database_now()
        return sum(rows.filter(held).update(due_at=now) for rows in self.tables)
