"""Events in: checked, stored once, and a run for each function they start, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop as _

from durable import clock, codec
from durable.authoring.event import RESERVED, Event
from durable.conf import conf
from durable.engine import tracing
from durable.engine.cancelling import await_cancels
from durable.engine.refusal import refused
from durable.engine.route import Route, route, tell_failed
from durable.engine.subject import subject_text
from durable.engine.terms import DAY
from durable.engine.unheard import tell_unheard
from durable.errors import EventInvalidError
from durable.ids import new_id
from durable.models import Event as EventRow
from durable.playback.failure import storable
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.store.executor import PATIENCE, repeat
from durable.store.rows import NewRun
from durable.wake import wake

Check = Callable[[Sequence[UUID]], None]

LONGEST, TENANT = 256, 128  # characters: of names and ids, and of tenants
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
    rows = [prepared(event, f"events[{n}]", received) for n, event in enumerate(events)]
    return [str(pk) for pk in accept(get_store(), rows, received)]


def accept(
    store: Store,
    rows: Sequence[EventRow],
    received: datetime,
    *,
    patience: float = PATIENCE,
    check: Check | None = None,
    counts_for: float | None = None,
) -> list[UUID]:
    """Store prepared events and the runs they start, in the caller's transaction if there is one.

    Args:
        store: where.
        rows: of `prepared`.
        received: when they came in.
        patience: seconds in which the database may come back, outside of a transaction.
        check: what it raises, when it is given the ids before the commit, undoes all.
        counts_for: seconds after which an id that was sent before is a new one; never, if not given.

    Returns:
        The id under which each is stored: its own, or that of the first one with its dedupe key.
    """
    if not rows:
        return []
    routes = [route(row) for row in rows]
    say = partial(_store, store, rows, routes, received, check, counts_for)
    return repeat(store.alias, say, patience)


def _store(
    store: Store,
    rows: Sequence[EventRow],
    routes: Sequence[Route],
    received: datetime,
    check: Check | None,
    counts_for: float | None,
) -> list[UUID]:
    keys = [row.dedupe_key for row in rows if row.dedupe_key]
    with transaction.atomic(store.alias):
        if keys and counts_for is not None:
            store.events.release_keys(keys, counts_for)
        stored = store.events.insert(rows)
        ids = [stored[row.pk] for row in rows]
        if check is not None:
            check(ids)
        new = [(row, to) for row, to in zip(rows, routes, strict=True) if stored[row.pk] == row.pk]
        # In one order, whoever sends: two senders with the same keys must not wait for each other.
        for row, to in sorted(new, key=lambda pair: sorted(pair[1].keys.values())):
            if to.functions:
                _start(store, row, to, received)
        _tell(store, new)
    return ids


def _start(store: Store, row: EventRow, to: Route, received: datetime) -> None:
    due_at = row.ts if row.ts > received else None
    if to.keys:
        store.runs.release_keys(to.keys.values(), DAY)
    store.runs.create_each(
        [
            NewRun(
                event=row,
                function=function,
                due_at=due_at,
                dedupe_key=to.keys.get(function),
                start_within=to.start_within.get(function),
            )
            for function in to.functions
        ]
    )
    await_cancels(store, row, to.functions)


def _tell(store: Store, new: Sequence[tuple[EventRow, Route]]) -> None:
    """Wake workers, and tell what else is to be told, once it is committed."""
    started = sum(len(to.functions) for _, to in new)
    unheard = [row.name for row, to in new if not to.is_heard]
    failed = [one for _, to in new for one in to.failed]
    if new:  # somebody may be waiting for events that start nothing
        after_commit(store.alias, wake, max(started, 1))
    if unheard:
        after_commit(store.alias, _tell_unheard, store, unheard)
    if failed:
        after_commit(store.alias, tell_failed, failed)


def _tell_unheard(store: Store, names: Sequence[str]) -> None:
    awaited = store.waits.paths(names)
    tell_unheard(name for name in names if name not in awaited)


def prepared(event: Event, where: str, received: datetime) -> EventRow:
    """Return the row of an event, not stored.

    Args:
        event: it.
        where: how an error should call it, "events[0]".
        received: now.

    Raises:
        EventInvalidError, OutputUnserializableError, LimitExceededError: it cannot be stored.
    """
    if not isinstance(event, Event):
        raise EventInvalidError(f"{where} must be a durable.Event, not {type(event).__name__}.")
    name = name_text(event.name, where)
    _check_text(event.id, where, "id")
    _check_text(event.tenant, where, "tenant", longest=TENANT)
    return EventRow(
        id=new_id(),
        name=name,
        custom_id=event.id,
        dedupe_key=dedupe_key(event.name, event.id, event.tenant) if event.id else None,
        data=data_text(event.data, where),
        tenant=event.tenant,
        subject=subject_text(event.subject, where),
        ts=_moment(event.ts, where) or received,
        received=received,
        trace=tracing.here(),
    )


def name_text(name: Any, where: str) -> str:
    """Return the name of an event that somebody sends.

    Raises:
        EventInvalidError: it is empty, too long, cannot be stored, or is kept for durable's own.
    """
    _check_text(name, where, "name", required=True)
    if name.startswith(RESERVED):
        raise refused(
            partial(EventInvalidError, field="name"),
            _("%(where)s: name %(name)r starts with a reserved prefix, one of %(reserved)s."),
            where=where,
            name=name,
            reserved=RESERVED,
        )
    return str(name)


def dedupe_key(name: str, custom_id: str, tenant: str = "") -> str:
    """Return what keeps two events of one name, id and tenant from counting twice."""
    of = f"\0{tenant}" if tenant else ""
    return sha256(f"{name}\0{custom_id}{of}".encode()).hexdigest()


def _check_text(
    value: object, where: str, field: str, *, required: bool = False, longest: int = LONGEST
) -> None:
    if not isinstance(value, str):
        problem = f"{where}: {field} must be a string, not {type(value).__name__}."
        raise EventInvalidError(problem, field=field)
    if required and not value.strip():
        sentence = _("%(where)s: %(field)s must not be empty.")
    elif len(value) > longest:
        sentence = _("%(where)s: %(field)s has %(length)d characters; the most is %(longest)d.")
    elif value != storable(value):
        sentence = _("%(where)s: %(field)s holds a NUL character or a lone surrogate.")
    else:
        return
    raise refused(
        partial(EventInvalidError, field=field),
        sentence,
        where=where,
        field=field,
        length=len(value),
        longest=longest,
    )


def data_text(data: Any, where: str) -> str:
    """Return the JSON of an event's data.

    Raises:
        EventInvalidError, OutputUnserializableError, LimitExceededError: it cannot be stored.
    """
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
