"""Runs that steps of other runs wait for. Cold: the plain ORM, in the transaction that plans the steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from durable.ids import new_id
from durable.models import Run, RunStatus
from durable.store.clock import database_now
from durable.store.order import place
from durable.store.rows import Child
from durable.store.table import Table


class Children(Table):
    """The invoked rows of Run on one database."""

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
            )
            for child in children
        ]
        Run.objects.using(self.alias).bulk_create(runs, batch_size=500)
