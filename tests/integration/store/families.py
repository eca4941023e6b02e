"""The families of statements that work on the database of this test run."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS

from durable.store.events import Events
from durable.store.leases import Leases
from durable.store.runs import Runs
from durable.store.steps import Steps
from durable.store.store import Store


def plain() -> Store:
    """Return a store that speaks through the ORM, as on a database durable has no family for."""
    store = Store(DEFAULT_DB_ALIAS)
    store.runs = Runs(store.alias)
    store.steps = Steps(store.runs)
    store.leases = Leases(store.alias)
    store.events = Events(store.alias)
    return store


def own() -> Store:
    """Return the store that this database gets by itself."""
    return Store(DEFAULT_DB_ALIAS)


FAMILIES = {"orm": plain}
if type(own().runs) is not Runs:
    FAMILIES["own"] = own
