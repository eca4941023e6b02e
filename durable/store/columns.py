"""The columns that a verb fills, as the ORM takes them."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, CharField, DateTimeField, Q, Value, When

from durable.models import RunStatus
from durable.store.clock import database_in, database_now
from durable.store.rows import Result, error_text


def rest() -> dict[str, Any]:
    """Return the columns of a run that parks, unless it was woken meanwhile."""
    is_woken = Q(wake__gt=0)
    return {
        "due_at": Case(
            When(is_woken, then=database_now()), default=None, output_field=DateTimeField()
        ),
        "status": Case(
            When(is_woken, then=Value(RunStatus.QUEUED)),
            default=Value(RunStatus.WAITING),
            output_field=CharField(),
        ),
        "owner": None,
    }


def outcome_fields(result: Result, age: float = 0.0) -> dict[str, Any]:
    """Return the columns that a result fills which came so many seconds ago."""
    return {
        "status": result.status,
        "attempt": result.attempt + (not result.is_final),
        "output": None if result.is_large else result.output,
        "error": error_text(result.failure) if result.failure else None,
        "large": result.is_large,
        "due_at": None if result.retry_in is None else database_in(result.retry_in),
        "started": database_in(-age - result.seconds),
        "ended": database_in(-age) if result.is_final else None,
    }
