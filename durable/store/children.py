"""Runs that steps of other runs wait for. The plain ORM, in the transaction that plans the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from durable.ids import new_id
from durable.models import Run, RunStatus
from durable.playback.request import Request
from durable.store.clock import database_now
from durable.store.order import place, version
from durable.store.rows import Child, RunClaim
from durable.store.table import Table


class Children(Table):
    """The rows of Run on one database that have a parent."""

    def create(self, parent: UUID, children: Sequence[Child]) -> None:
        """Insert a run for each planned step that invokes one, in the caller's transaction."""
        now: Any = database_now()
        runs = [
            Run(
                id=new_id(),
                function=child.function,
                event_id=child.event.pk,
                tenant=child.event.tenant,
                subject=child.event.subject,
                parent_id=parent,
                parent_key=child.key,
                status=RunStatus.QUEUED,
                due_at=place(child.function),
                created=now,
                version=version(child.function),
            )
            for child in children
        ]
        Run.objects.using(self.alias).bulk_create(runs, batch_size=500)

    def fan_out(self, parent: RunClaim, requests: Sequence[Request]) -> None:
        """Insert a run for each planned step that is to be one, in the caller's transaction.

        They have no event of their own: events start a function once.
        """
        rows = Run.objects.using(self.alias)
        tenant, subject = rows.values_list("tenant", "subject").get(pk=parent.id)
        now: Any = database_now()
        runs = [
            Run(
                id=new_id(),
                function=parent.function,
                tenant=tenant,
                subject=subject,
                parent_id=parent.id,
                parent_key=request.key,
                step=request.title,
                status=RunStatus.QUEUED,
                due_at=place(parent.function),
                created=now,
                version=version(parent.function),
            )
            for request in requests
        ]
        rows.bulk_create(runs, batch_size=500)

    def go_first(self, parent: UUID, function: str) -> None:
        """Have a woken run claimed before the runs of its steps, which it may not need any more."""
        woken = Run.objects.using(self.alias).filter(pk=parent, status=RunStatus.QUEUED)
        for created in woken.values_list("created", flat=True):
            woken.update(due_at=place(function, created))
