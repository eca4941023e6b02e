"""What is true of what workers tell of themselves."""

from __future__ import annotations

from django.db.models import F

from durable.models import Worker
from durable.operations.verify.invariant import Invariant, Rows

_ROOM = 1_000  # messages that say nothing yet of a worker's life
_MOST = 2  # messages for each piece of work


def _called_in_vain(workers: Rows) -> Rows:
    return workers.filter(hints__gt=_MOST * F("claims") + _ROOM)


INVARIANTS = (
    Invariant(
        id="I30",
        says="a worker takes no more than two messages for each piece of work",
        model=Worker,
        broken=_called_in_vain,
    ),
)
