"""Runs as lists ask for them, in words by which each database finds the one index that gives them in order."""

from __future__ import annotations

from uuid import UUID

from django.db import connections
from django.db.models import Q

from durable.models.status import RunStatus

_LEAST = UUID(int=0)
_LEFT_OUT = {"status": RunStatus.COMPLETED, "tenant": "", "subject": ""}  # of the indexes over them


def having(alias: str, **values: str) -> Q:
    """Return the condition that columns have these values.

    SQLite takes a partial index only for a query that holds the index's own condition, too; Postgres
    would think that twice as much is asked. MariaDB would rather intersect the indexes of function and
    of status, and sort what they share, unless it is told that all ids lie above the least.

    Args:
        alias: of the database.
        values: by column.
    """
    vendor, condition = connections[alias].vendor, Q(**values)
    if values.keys() == {"function", "status"}:
        return condition & Q(pk__gt=_LEAST) if vendor == "mysql" else condition
    for column, left_out in _LEFT_OUT.items() if vendor == "sqlite" else ():
        if values.get(column, left_out) != left_out:
            condition &= ~Q(**{column: left_out})
    return condition
