"""The history of failed tries."""

from __future__ import annotations

from uuid import UUID

from durable.models import Attempt
from durable.playback.failure import Failure
from durable.store.clock import database_in, database_now
from durable.store.rows import error_text


def note_attempt(
    alias: str,
    run: UUID,
    failure: Failure,
    number: int,
    *,
    key: str = "",
    name: str = "",
    seconds: float = 0.0,
    retries: int | None = None,
) -> None:
    """Add a failed try of a step, or of the function's own code, to the history."""
    Attempt.objects.using(alias).create(
        run_id=run,
        key=key,
        name=name,
        number=number,
        retries=retries,
        error=error_text(failure),
        started=database_in(-seconds),
        ended=database_now(),
    )
