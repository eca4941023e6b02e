"""Lists of any length, a page at a time: by id, so that they are never counted and never shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

M = TypeVar("M", bound=Model)


def newest(rows: QuerySet[M], query: Mapping[str, Any]) -> tuple[Sequence[M], Any]:
    """Return the newest rows before the cursor, and the cursor of the page behind, if there is one."""
    if cursor := query.get("cursor"):
        rows = rows.filter(pk__lt=cursor)
    return _cut(rows.order_by("-pk"), query["limit"])


def oldest(rows: QuerySet[M], query: Mapping[str, Any]) -> tuple[Sequence[M], Any]:
    """Return the oldest rows after the cursor, and the cursor of the next page, if there is one."""
    if (cursor := query.get("cursor")) is not None:
        rows = rows.filter(pk__gt=cursor)
    return _cut(rows.order_by("pk"), query["limit"])


def _cut(rows: QuerySet[M], limit: int) -> tuple[Sequence[M], Any]:
    found = list(rows[: limit + 1])
    return found[:limit], found[limit - 1].pk if len(found) > limit else None
