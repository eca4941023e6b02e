"""The database's clock as expressions."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.db.models.sql.compiler import SQLCompiler

from durable import clock


class _Now(Now):
    """The database's time, which on MariaDB must not be that of the session's zone."""

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        """Ask for the time as Django stores it under USE_TZ."""
        return self.as_sql(compiler, connection, template="UTC_TIMESTAMP(6)", **extra)


def database_now() -> Combinable:
    """Return the current time of the database, moved as far as tests have moved the clock."""
    return database_in(0.0)


def database_in(seconds: float) -> Combinable:
    """Return the database's time `seconds` from now."""
    reference = clock.reference()
    if isinstance(reference, datetime):
        return Value(reference + timedelta(seconds=seconds), DateTimeField())
    step = reference + timedelta(seconds=seconds)
    if not step:
        return _Now()
    return ExpressionWrapper(_Now() + Value(step, DurationField()), DateTimeField())


def until(field: str) -> Combinable:
    """Return how long it is until the time in `field`, by the database's clock."""
    return ExpressionWrapper(F(field) - database_now(), DurationField())
