"""What worker processes say of themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from durable.models import Worker
from durable.store.clock import database_in, database_now
from durable.store.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What does not change while a process lives, and what it has done so far."""

    id: UUID
    owner: str
    host: str
    pid: int
    parent: int
    cluster: str
    is_supervised: bool
    version: str
    functions: Mapping[str, str]  # the version of each
    hints: int
    claims: int
    rate: float


class Workers(Table):
    """The rows of Worker on one database."""

    def tell(self, sighting: Sighting) -> None:
        """Write down that a process is there: one UPDATE, and an INSERT the first time."""
        now: Any = database_now()
        rows = Worker.objects.using(self.alias)
        done = {"hints": sighting.hints, "claims": sighting.claims, "rate": sighting.rate}
        if rows.filter(pk=sighting.id).update(seen=now, **done):
            return
        rows.create(
            id=sighting.id,
            owner=sighting.owner[:120],
            host=sighting.host[:80],
            pid=sighting.pid,
            parent=sighting.parent,
            cluster=sighting.cluster[:100],
            is_supervised=sighting.is_supervised,
            version=sighting.version[:40],
            functions=json.dumps(dict(sighting.functions)),
            started=now,
            seen=now,
            **done,
        )

    def remove(self, process: UUID) -> None:
        """Remove the row of a process that has ended as it was told."""
        Worker.objects.using(self.alias).filter(pk=process).delete()

    def forget(self, seconds: float) -> int:
        """Remove the rows of processes that have been silent for so long; return how many."""
        silent = Worker.objects.using(self.alias).filter(seen__lte=database_in(-seconds))
        return silent.delete()[0]
