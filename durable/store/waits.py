"""Waits: opened with the step that waits, found by the event that comes, closed when either ends."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Max, Q, QuerySet

from durable.models import Delivery, Event, Step, StepStatus, Wait, WaitPath
from durable.playback.request import EventWait
from durable.store.clock import database_in, database_now
from durable.store.executor import retried
from durable.store.rows import StepClaim
from durable.store.table import Table


class Waits(Table):
    """The rows of Wait on one database."""

    @property
    def rows(self) -> QuerySet[Wait]:
        """All waits."""
        return Wait.objects.using(self.alias)

    def open(self, run: UUID, waits: Mapping[str, EventWait]) -> None:
        """Insert the waits of planned steps, by key, in the transaction that plans them."""
        steps = Step.objects.using(self.alias).filter(run=run, key__in=list(waits))
        rows = [
            Wait(
                run_id=run,
                step_id=pk,
                event=waits[key].event,
                path=waits[key].path,
                match=waits[key].match,
                rest=waits[key].rest,
                lookback=waits[key].lookback,
                expires=database_in(waits[key].timeout),
                created=database_now(),
            )
            for pk, key in steps.filter(status=StepStatus.PENDING).values_list("pk", "key")
        ]
        self.insert(rows)

    def insert(self, rows: Sequence[Wait]) -> None:
        """Insert waits, and note the paths by which they are found."""
        self.rows.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        paths = sorted({(row.event, row.path) for row in rows})
        known = WaitPath.objects.using(self.alias)
        known.bulk_create([WaitPath(event=e, path=p) for e, p in paths], ignore_conflicts=True)

    @retried
    def paths(self, events: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Return the paths in use for events of these names; names that nobody waits for are left out."""
        found: dict[str, list[str]] = defaultdict(list)
        rows = WaitPath.objects.using(self.alias).filter(event__in=events).order_by("path")
        for event, path in rows.values_list("event", "path"):
            found[event].append(path)
        return found

    @retried
    def last(self) -> int:
        """Return the number of the newest wait."""
        return self.rows.aggregate(last=Max("pk"))["last"] or 0

    @retried
    def find(
        self, event: Event, keys: Sequence[str], after: int, last: int, limit: int
    ) -> list[Wait]:
        """Return a page of the waits for an event, with one of these keys, open when it came.

        Args:
            event: it.
            keys: of its values, and that of who waits for any.
            after: number of the last wait of the page before.
            last: number of the newest wait that may get it.
            limit: length of the page.
        """
        is_open = Q(expires=None) | Q(expires__gt=event.received)
        rows = self.rows.filter(is_open, event=event.name, match__in=keys, pk__gt=after)
        return list(rows.filter(pk__lte=last).order_by("pk")[:limit])

    @retried
    def of_steps(self, steps: Collection[int]) -> Mapping[int, Wait]:
        """Return the waits of steps."""
        rows = self.rows.filter(step__in=list(steps))
        return {row.step_id: row for row in rows if row.step_id is not None}

    @retried
    def close(self, steps: Collection[int]) -> None:
        """Forget the waits of steps that have ended."""
        self.rows.filter(step__in=list(steps)).delete()

    def note(self, event: UUID, claims: Sequence[StepClaim]) -> None:
        """Write down who got an event, in the transaction in which their steps end."""
        now: Any = database_now()
        rows = [
            Delivery(event_id=event, run_id=claim.run, step=claim.name, delivered=now)
            for claim in claims
        ]
        Delivery.objects.using(self.alias).bulk_create(rows, batch_size=500)

    @retried
    def forget(self, run: UUID) -> None:
        """Forget all that a run that has ended waited for."""
        self.rows.filter(run=run).delete()

    @retried
    def rest(self, wait: Wait, claim: int) -> None:
        """Nothing was found in the past: have the step wait for what is to come, until it expires."""
        step = Step.objects.using(self.alias).filter(wait=wait, claim=claim)
        step.filter(status=StepStatus.RUNNING).update(
            status=StepStatus.PENDING, owner=None, due_at=wait.expires
        )
        self.rows.filter(pk=wait.pk).update(lookback=None)
