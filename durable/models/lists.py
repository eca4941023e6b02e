"""Runs as lists ask for them, in words by which each database finds the one index that gives them in order."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from durable.models.status import RunStatus

_LEAST = UUID(int=0)
_LEFT_OUT = {"status": RunStatus.COMPLETED, "tenant": "", "subject": ""}  # of the indexes over them


def having(**values: str) -> Q:
    """Return the condition that columns have these values.

    SQLite takes a partial index only for a query that holds the index's own condition, too. Where
    function and status are given, their index is the best. MariaDB would rather intersect those of each
    and sort what they share, unless it is told that all ids lie above the least.
    """
    condition = Q(**values)
    if values.keys() == {"function", "status"}:
        return condition & Q(pk__gt=_LEAST)
    for column, left_out in _LEFT_OUT.items():
        if values.get(column, left_out) != left_out:
            condition &= ~Q(**{column: left_out})
    return condition
