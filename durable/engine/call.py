"""Calling a user's function once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from durable import codec
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
    rows = EventRow.objects.using(store.alias).filter(pk=event_id)
    name, custom_id, data, ts = rows.values_list("name", "custom_id", "data", "ts").get()
    milliseconds = int(ts.timestamp() * 1000)
    own_id = custom_id or str(event_id)  # what the sender called it, if that was given
    return [Event(name=name, data=codec.decode(data), id=own_id, ts=milliseconds)]
