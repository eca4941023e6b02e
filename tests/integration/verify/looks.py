"""What `verify` finds, told shortly; and an event that is handed out past who waits for it."""

from __future__ import annotations

from datetime import timedelta

import durable
from durable import clock
from durable.models import Event
from durable.operations.verify import verify
from durable.store import get_store


def found() -> list[str]:
    """Return the rows of which something is not true."""
    return [str(one.pk) for one in verify(get_store(), pause=0).breaches]


def named() -> set[str]:
    """Return the kind and the sentence of each breach."""
    report = verify(get_store(), pause=0)
    return {f"{one.invariant.kind}: {one.invariant.says}" for one in report.breaches}


def miss_event(name: str) -> None:
    clock.travel(timedelta(minutes=5))
    durable.send(durable.Event(name=name))
    Event.objects.update(route_at=None)
