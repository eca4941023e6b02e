"""The steps of a run that is to go on, or to be repeated. The plain ORM: it is rare."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from django.db.models import Max

from durable.ids import new_id
from durable.models import Blob, Event, Run, RunStatus, Step
from durable.store.clock import database_now
from durable.store.order import place, version
from durable.store.table import Table

_COPIED = (
    "key",
    "name",
    "index",
    "branch",
    "group",
    "op",
    "status",
    "attempt",
    "given",
    "output",
    "error",
    "large",
    "started",
    "ended",
)


class Revivals(Table):
    """Steps forgotten, and steps copied. In the caller's transaction."""

    def hold(self, events: Collection[UUID]) -> list[Event]:
        """Keep others from starting anew with these events, and from erasing them; return them."""
        rows = Event.objects.using(self.alias)
        if self.connection.features.has_select_for_update:
            rows = rows.select_for_update()
        return list(rows.filter(pk__in=list(events)).order_by("pk"))

    def steps(self, run: UUID) -> list[Step]:
        """Return the steps of a run, in the order in which they ended, the open ones last."""
        found = Step.objects.using(self.alias).filter(run=run).order_by("id")
        return sorted(found, key=lambda step: (step.ended is None, step.ended or 0))

    def keep(self, run: UUID) -> bool:
        """Have a run stay until the transaction ends; False if it is there no more."""
        rows = Run.objects.using(self.alias).filter(pk=run)
        if self.connection.features.has_select_for_update:
            rows = rows.select_for_update()
        return bool(rows.values_list("pk", flat=True))

    def forget(self, run: UUID, keys: Collection[str]) -> None:
        """Remove steps, and the run's own result, as if they had never been."""
        Blob.objects.using(self.alias).filter(run=run, key__in=["", *keys]).delete()
        Step.objects.using(self.alias).filter(run=run, key__in=list(keys)).delete()

    def repeat(self, run: Run, event: UUID | None, steps: Sequence[Step], new: UUID) -> None:
        """Insert a run of the same function under a new id, due now, with copies of these steps."""
        copy = Run(
            id=new,
            function=run.function,
            event_id=event,
            tenant=run.tenant,
            subject=run.subject,
            status=RunStatus.QUEUED,
            due_at=place(run.function),
            created=database_now(),
            version=version(run.function),
            claim=1,  # the first who claims it looks for what is remembered
            replay=self._number(run, event),
            replay_of=run.pk,
        )
        copy.save(using=self.alias, force_insert=True)
        self._copy(run.pk, copy.pk, steps)

    def start(self, function: str, event: Event) -> UUID:
        """Insert a run of a function for an event that is there already, due now; return its id."""
        run = Run(
            id=new_id(),
            function=function,
            event_id=event.pk,
            tenant=event.tenant,
            subject=event.subject,
            status=RunStatus.QUEUED,
            due_at=place(function),
            created=database_now(),
            version=version(function),
            replay=self._number(Run(function=function), event.pk),
        )
        run.save(using=self.alias, force_insert=True)
        return run.pk

    def _number(self, run: Run, event: UUID | None) -> int:
        """Return the next number for this event and function; who asks for one waits for the others."""
        if event is None:
            return 0
        self.hold([event])
        same = Run.objects.using(self.alias).filter(event=event, function=run.function)
        last = same.aggregate(last=Max("replay"))["last"]
        return 0 if last is None else last + 1

    def _copy(self, run: UUID, copy: UUID, steps: Sequence[Step]) -> None:
        rows = [
            Step(run_id=copy, **{name: getattr(step, name) for name in _COPIED}) for step in steps
        ]
        Step.objects.using(self.alias).bulk_create(rows, batch_size=500)
        large = [step.key for step in steps if step.large]
        blobs = Blob.objects.using(self.alias).filter(run=run, key__in=large)
        copies = [Blob(run_id=copy, key=blob.key, body=blob.body) for blob in blobs]
        Blob.objects.using(self.alias).bulk_create(copies, batch_size=100)
