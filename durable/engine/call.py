"""Calling a user's function once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connections

from durable.authoring.context import Context, ContextSync
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.engine import abandoned
from durable.engine.options import Options
from durable.engine.unreadable import data_of
from durable.errors import StepMisuseError
from durable.models import Event as EventRow
from durable.playback.execution import execute
from durable.playback.failure import found
from durable.playback.loop import execute_async
from durable.playback.outcome import Finished, Outcome, Raised
from durable.playback.tape import Tape

Events = Callable[[], list[Event]]  # made afresh at each look: user code may change their data


def call(
    function: Function, tape: Tape, run_id: UUID, events: Events, *, is_dry: bool = False
) -> Outcome:
    """Call the function with a context over the tape, and say what came of it.

    No transaction that it leaves open outlives the call. A dry one needs no database at all.
    """
    with abandoned.rolled_back() as left:
        outcome = _call(function, tape, run_id, events, is_dry=is_dry)
    if left and isinstance(outcome, Finished):
        tape.misuse = _left_open(function, left)
        return Raised(found(tape.misuse))
    return outcome


def _call(function: Function, tape: Tape, run_id: UUID, events: Events, *, is_dry: bool) -> Outcome:
    kind = Context if function.is_async else ContextSync
    ctx = kind(
        tape=tape,
        run_id=str(run_id),
        events=events(),
        threads=Options.of(function).threads,
        app_id=function.app_id,
    )
    args = (ctx, ctx.step) if function.takes_step else (ctx,)
    handler = partial(function.handler, *args)
    if not function.is_async:
        return execute(handler, tape)
    return execute_async(handler if is_dry else partial(_on_sound_connections, handler), tape)


async def _on_sound_connections(handler: Callable[[], Awaitable[Any]]) -> Any:
    """Await the handler; the thread in which its async ORM calls run gets no request signals."""
    await sync_to_async(_make_sound)()
    return await handler()


def events_of(row: EventRow | None) -> Events:
    """Return what the run was started by, as authors see it.

    What is returned raises EventUnreadableError if the event is damaged.
    """
    if row is None:
        return list
    milliseconds = int(row.ts.timestamp() * 1000)
    own_id = row.custom_id or str(row.pk)  # what the sender called it, if that was given
    name, data, tenant, subject = row.name, row.data, row.tenant, row.subject
    return lambda: [
        Event(
            name=name,
            data=data_of(data, name, own_id),
            id=own_id,
            ts=milliseconds,
            tenant=tenant,
            subject=subject,
        )
    ]


def _make_sound() -> None:
    # Of a body before: the thread serves async functions only. A test may have lent it its connection.
    abandoned.roll_back(abandoned.lent())
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def _left_open(function: Function, databases: list[str]) -> StepMisuseError:
    return StepMisuseError(
        f"Function {function.id!r} left a transaction open ({', '.join(databases)}), which was rolled "
        "back: nothing was ever to commit it. Write `with transaction.atomic():`."
    )
