"""One object per database: runs, steps, leases and events."""

from __future__ import annotations

from functools import cache

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from durable.conf import conf
from durable.models import Run
from durable.store.events import Events
from durable.store.leases import Leases
from durable.store.rows import Due
from durable.store.runs import Runs
from durable.store.steps import Steps


class Store:
    """The statements of durable on the database `alias`."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.runs = Runs(alias)
        self.steps = Steps(self.runs)
        self.leases = Leases(alias)
        self.events = Events(alias)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """This thread's connection."""
        return connections[self.alias]

    def due(self, limit: int) -> Due:
        """Count claimable rows up to `limit`; say in how many seconds the next comes due."""
        return self.leases.due(limit)

    def live_owners(self, prefix: str) -> list[str]:
        """Return who holds leases now, of those whose name starts with `prefix`."""
        return self.leases.live_owners(prefix)

    def release_owners(self, owners: list[str]) -> int:
        """Make due now what these owners hold: their processes are gone."""
        return self.leases.release_owners(owners)


def get_store(alias: str | None = None) -> Store:
    """Return the store of a database; without an alias, of the one where runs are written."""
    return _store(alias or conf.DATABASE or router.db_for_write(Run))


@cache
def _store(alias: str) -> Store:
    return Store(alias)
