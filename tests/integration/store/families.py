"""The families of statements that work on the database of this test run."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS

from durable.store import Store, get_store


def plain() -> Store:
    """Return a store that speaks through the ORM, as on a database durable has no family for."""
    return Store(DEFAULT_DB_ALIAS)


FAMILIES = {"orm": plain, "own": get_store}
