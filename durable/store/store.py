"""One object per database: runs, steps, waits, leases, events and schedules."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from django.db import connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from durable.authoring.registry import registry
from durable.conf import conf
from durable.models import Run
from durable.store import mariadb, postgres, sqlite
from durable.store.children import Children
from durable.store.events import Events
from durable.store.functions import Functions
from durable.store.leases import Leases
from durable.store.pruning import Pruning
from durable.store.revivals import Revivals
from durable.store.rollups import Rollups
from durable.store.rows import Due
from durable.store.runs import Runs
from durable.store.schedules import Schedules
from durable.store.steps import Steps
from durable.store.waits import Waits
from durable.store.workers import Workers

_FAMILIES = {"postgresql": postgres, "sqlite": sqlite, "mysql": mariadb}


class Store:
    """The statements of durable on the database `alias`.

    Args:
        alias: of the database.
        family: the module that writes out the hot statements; the plain ORM serves any database.
    """

    def __init__(self, alias: str, family: ModuleType | None = None) -> None:
        self.alias = alias
        self.events: Events = getattr(family, "Events", Events)(alias)
        self.children = Children(alias)
        self.functions = Functions(alias)
        self.runs: Runs = family.Runs(alias) if family else Runs(alias)
        self.steps: Steps = family.Steps(self.runs) if family else Steps(self.runs)
        self.waits: Waits = family.Waits(alias) if family else Waits(alias)
        self.schedules = Schedules(alias)
        self.revivals = Revivals(alias)
        self.rollups = Rollups(alias)
        self.workers = Workers(alias)
        self.pruning = Pruning(alias)
        self.leases: Leases = family.Leases(alias) if family else Leases(alias)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """This thread's connection."""
        return connections[self.alias]

    def due(self, limit: int) -> Due:
        """Count claimable rows up to `limit`; say in how many seconds the next comes due.

        Of the schedules, those of functions and lines that are registered in this process.
        """
        return self.leases.due(limit, tuple(registry.crons))

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
    family = _FAMILIES.get(connections[alias].vendor)
    return Store(alias, family)
