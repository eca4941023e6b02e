"""The database's clock as expressions."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from durable import clock


def database_now() -> Combinable:
    """Return the current time of the database, moved as far as tests have moved the clock."""
    return database_in(0.0)


def database_in(seconds: float) -> Combinable:
    """Return the database's time `seconds` from now."""
    step = clock.skew() + timedelta(seconds=seconds)
    if not step:
        return Now()
    return ExpressionWrapper(Now() + Value(step, DurationField()), DateTimeField())


def until(field: str) -> Combinable:
    """Return how long it is until the time in `field`, by the database's clock."""
    return ExpressionWrapper(F(field) - database_now(), DurationField())
