"""System events: told to the functions that listen to them, in the transaction of what they tell of."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from durable import clock, codec
from durable.authoring.event import SYSTEM
from durable.authoring.registry import registry
from durable.engine import tracing
from durable.engine.cancelling import await_cancels
from durable.engine.ingest import dedupe_key
from durable.engine.route import route
from durable.ids import new_id
from durable.models import Event as EventRow
from durable.store import Store


def is_heard(name: str) -> bool:
    """Whether anybody would notice a system event of this name."""
    return bool(registry.listeners(name))


def is_echo(name: str, parent: UUID | None) -> bool:
    """Whether a run was started by a system event, so that nothing is announced of it.

    Without this a function that listens to the end of runs would hear of its own, for ever. A run
    that a step invoked is none, although its event is of the system.
    """
    return parent is None and name in SYSTEM


def announce(
    store: Store,
    name: str,
    custom_id: str,
    data: Mapping[str, Any],
    *,
    source: EventRow | None = None,
    also: Sequence[str] = (),
    is_quiet: bool = False,
) -> int:
    """Store a system event in the caller's transaction, and start functions for it.

    Args:
        store: where.
        name: of the event.
        custom_id: with one name and id it is stored once, and starts its functions once.
        data: decoded JSON. No limit holds for it: the end of a run must not fail by its size.
        source: the event whose tenant and subject it has.
        also: functions to start besides those that listen to it.
        is_quiet: start none of those that listen.

    Returns:
        How many runs it started.
    """
    row = event_row(name, encoded(data), custom_id, source=source)
    if store.events.insert([row])[row.pk] != row.pk:
        return 0
    ids = list(dict.fromkeys([*(() if is_quiet else route(row).functions), *also]))
    store.runs.create(row, ids)
    await_cancels(store, row, ids)
    return len(ids)


def event_row(
    name: str, data: str, custom_id: str = "", *, source: EventRow | None = None
) -> EventRow:
    """Describe a system event that happens now, to the tenant and the subject of another event."""
    now = clock.now()
    return EventRow(
        id=new_id(),
        name=name,
        custom_id=custom_id,
        dedupe_key=dedupe_key(name, custom_id) if custom_id else None,
        data=data,
        tenant=source.tenant if source else "",
        subject=source.subject if source else "",
        ts=now,
        received=now,
        trace=tracing.here(),
    )


def encoded(data: Mapping[str, Any]) -> str:
    """Return the text of data that was decoded from JSON, however large."""
    most = sys.maxsize
    return codec.encode(dict(data), what="event", limit=most, setting="MAX_EVENT_BYTES", depth=most)
