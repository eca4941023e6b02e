"""Runs by what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from durable.engine.ingest import dedupe_key
from durable.models import Run
from durable.models.lists import having

# The clocks of the processes that make ids may differ from the database's, which `created` is from.
_SLACK = timedelta(hours=1)
_PLAIN = {
    "created_after": "created__gte",
    "created_before": "created__lt",
    "event": "event",
    "name": "event__name",
}
_EXACT = ("function", "tenant", "subject")


def matching(rows: QuerySet[Run], given: Mapping[str, Any]) -> QuerySet[Run]:
    """Return the runs for which all filters hold that are given; see `shapes.run.RunFilter`."""
    wanted = {lookup: given[name] for name, lookup in _PLAIN.items() if name in given}
    if "key" in given:
        sender = given["name"], given["key"], given.get("tenant", "")
        wanted["event__dedupe_key"] = dedupe_key(*sender)
    if moment := given.get("created_after"):
        wanted["pk__gte"] = _least_id(moment - _SLACK)
    if moment := given.get("created_before"):
        wanted["pk__lt"] = _least_id(moment + _SLACK)
    exact = {name: given[name] for name in _EXACT if name in given}
    match given.get("status"):
        case [status]:
            exact["status"] = status
        case [*statuses]:
            wanted["status__in"] = statuses
    return rows.filter(having(rows.db, **exact), **wanted)


def _least_id(moment: datetime) -> UUID:
    """Return the least id that is made at a moment: with it the primary key finds the time."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
