"""Calling a user's function once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from durable.authoring.context import Context, ContextSync
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.models import Event as EventRow
from durable.replay.execution import execute
from durable.replay.loop import execute_async
from durable.replay.outcome import Outcome
from durable.replay.tape import Tape
from durable.store import Store


def call(function: Function, tape: Tape, run_id: UUID, events: list[Event]) -> Outcome:
    """Call the function with a context over the tape, and say what came of it."""
    kind = Context if function.is_async else ContextSync
    ctx = kind(tape=tape, run_id=str(run_id), events=events, threads=function.threads)
    args = (ctx, ctx.step) if function.takes_step else (ctx,)
    handler = partial(function.handler, *args)
    if not function.is_async:
        return execute(handler, tape)
    return execute_async(partial(_on_sound_connections, handler), tape)


async def _on_sound_connections(handler: Callable[[], Awaitable[Any]]) -> Any:
    """Await the handler; the thread in which its async ORM calls run gets no request signals."""
    await sync_to_async(close_old_connections)()
    return await handler()


def events_of(store: Store, event_id: UUID | None) -> list[Event]:
    """Load what the run was started by."""
    if event_id is None:
        return []
    row = EventRow.objects.using(store.alias).get(pk=event_id)
    return [event_of(row)]


def event_of(row: EventRow) -> Event:
    """Return a stored event as authors see it; its id is the sender's own, if that was given."""
    data: Any = row.value
    ts = int(row.ts.timestamp() * 1000)
    return Event(name=row.name, data=data, id=row.custom_id or str(row.pk), ts=ts)
