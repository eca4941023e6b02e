"""Runs by what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from durable.engine.ingest import dedupe_key
from durable.models import Run

# The clocks of the processes that make ids may differ from the database's, which `created` is from.
_SLACK = timedelta(hours=1)
_PLAIN = {
    "function": "function",
    "status": "status__in",
    "created_after": "created__gte",
    "created_before": "created__lt",
    "event": "event",
    "name": "event__name",
    "tenant": "tenant",
    "subject": "subject",
}


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
    return rows.filter(**wanted)


def _least_id(moment: datetime) -> UUID:
    """Return the least id that is made at a moment: with it the primary key finds the time."""
    milliseconds = max(int(moment.timestamp() * 1000), 0)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
