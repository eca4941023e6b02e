"""Events in: checked, stored once, and a run for each function they start, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction

from durable import clock, codec
from durable.authoring.event import RESERVED, Event
from durable.authoring.registry import registry
from durable.conf import conf
from durable.errors import EventInvalidError
from durable.ids import new_id
from durable.models import Event as EventRow
from durable.replay.failure import storable
from durable.store import Store, get_store
from durable.store.executor import repeat
from durable.wake import wake

LONGEST = 256
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def ingest(events: Sequence[Event]) -> list[str]:
    """Store events and the runs they start, in the caller's transaction if there is one.

    Args:
        events: all are accepted, or none.

    Returns:
        The id of each stored event; that of the first one where an `id` was sent before.

    Raises:
        EventInvalidError, OutputUnserializableError, LimitExceededError: nothing was stored.
    """
    received = clock.now()
    rows = [_row(event, n, received) for n, event in enumerate(events)]
    if not rows:
        return []
    store = get_store()
    stored = repeat(store.alias, partial(_store, store, rows, received))
    return [str(stored[row.pk]) for row in rows]


def _store(store: Store, rows: Sequence[EventRow], received: datetime) -> dict[UUID, UUID]:
    started = 0
    with transaction.atomic(store.alias):
        stored = store.events.insert(rows)
        for row in rows:
            functions = registry.started_by(row.name) if stored[row.pk] == row.pk else []
            if functions:
                due_at = row.ts if row.ts > received else None
                store.runs.create(row.pk, [function.id for function in functions], due_at)
                started += len(functions)
        if started:
            transaction.on_commit(partial(wake, started), store.alias, robust=True)
    return stored


def _row(event: Event, number: int, received: datetime) -> EventRow:
    where = f"events[{number}]"
    if not isinstance(event, Event):
        raise EventInvalidError(f"{where} must be a durable.Event, not {type(event).__name__}.")
    _check_text(event.name, where, "name", required=True)
    _check_text(event.id, where, "id")
    if event.name.startswith(RESERVED):
        raise EventInvalidError(
            f"{where}: name {event.name!r} starts with a reserved prefix, one of {RESERVED}.",
            field="name",
        )
    key = sha256(f"{event.name}\0{event.id}".encode()).hexdigest() if event.id else None
    return EventRow(
        id=new_id(),
        name=event.name,
        custom_id=event.id,
        dedupe_key=key,
        data=_data(event.data, where),
        ts=_moment(event.ts, where) or received,
        received=received,
    )


def _check_text(value: object, where: str, field: str, *, required: bool = False) -> None:
    if not isinstance(value, str):
        problem = f"must be a string, not {type(value).__name__}"
    elif required and not value.strip():
        problem = "must not be empty"
    elif len(value) > LONGEST:
        problem = f"has {len(value)} characters; the most is {LONGEST}"
    elif value != storable(value):
        problem = "holds a NUL character or a lone surrogate"
    else:
        return
    raise EventInvalidError(f"{where}: {field} {problem}.", field=field)


def _data(data: Any, where: str) -> str:
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        problem = f"{where}: data must be a dict, not {type(data).__name__}."
        raise EventInvalidError(problem, field="data")
    limit = conf.MAX_EVENT_BYTES
    return codec.encode(
        dict(data),
        what=f"{where}: data",
        limit=limit,
        setting="MAX_EVENT_BYTES",
        depth=conf.MAX_DEPTH,
    )


def _moment(ts: object, where: str) -> datetime | None:
    if isinstance(ts, bool) or not isinstance(ts, int):
        problem = f"{where}: ts must be milliseconds since 1970 as an int, not {ts!r}."
        raise EventInvalidError(problem, field="ts")
    if not ts:
        return None
    if not EARLIEST.timestamp() <= ts / 1000 <= LATEST.timestamp():
        problem = (
            f"{where}: ts {ts} is not between 1980 and 2100; it counts milliseconds since 1970."
        )
        raise EventInvalidError(problem, field="ts")
    return datetime.fromtimestamp(ts / 1000, UTC)
