"""What rests because its function is paused, and is not lost."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from durable.models import FunctionConfig


def is_paused(function: str) -> Exists:
    """Say whether the function that a column names is paused."""
    paused = FunctionConfig.objects.filter(pk=OuterRef(function), paused__isnull=False)
    return Exists(paused)
