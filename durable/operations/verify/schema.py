"""The rules that the database itself is to hold, and whether it has them."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db.models import CheckConstraint, UniqueConstraint

from durable.store import Store


def missing(store: Store) -> list[str]:
    """Return the names of constraints of durable's models that the database does not have."""
    connection = store.connection
    lost: list[str] = []
    with connection.cursor() as cursor:
        for table, names in _wanted(checks=connection.features.supports_table_check_constraints):
            there = connection.introspection.get_constraints(cursor, table)
            lost += [name for name in names if name not in there]
    return sorted(lost)


def _wanted(*, checks: bool) -> Iterator[tuple[str, list[str]]]:
    kinds = (UniqueConstraint, CheckConstraint) if checks else (UniqueConstraint,)
    for model in apps.get_app_config("durable").get_models():
        names = [one.name for one in model._meta.constraints if isinstance(one, kinds)]
        yield model._meta.db_table, names
