"""What a step call asks for, made of what the author gave, or refused with an error that names the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from durable.authoring.duration import duration, moment
from durable.authoring.event import RESERVED, Event
from durable.authoring.function import Function
from durable.errors import StepMisuseError
from durable.expressions.condition import Condition
from durable.expressions.key import read_path
from durable.expressions.values import MISSING, Scope
from durable.playback.body import is_coroutine_function
from durable.playback.failure import storable
from durable.playback.request import EventWait, Sleep, Work
from durable.typed.output import OutputType
from durable.typed.shape import UnsupportedTypeError

LONGEST_ID = 255
LONGEST_NAME = 256
MOST_RETRIES = 20


def work(
    step_id: str,
    handler: Callable[..., Any],
    args: tuple[Any, ...],
    *,
    atomic: bool,
    retries: int | None,
    timeout: int | timedelta | str | None,
    output_type: Any = None,
) -> Work:
    """Check and return a body."""
    check_id(step_id)
    if isinstance(handler, Function):
        raise StepMisuseError(
            f"Step {step_id!r}: {handler.id!r} is a durable function, which is not called in a step. "
            f"Write ctx.step.invoke({step_id!r}, function=…, data={{…}}); it runs on its own."
        )
    if not callable(handler):
        raise StepMisuseError(
            f"Step {step_id!r}: the handler must be a function, not {handler!r:.80}. "
            f"Write ctx.step.run({step_id!r}, function, argument), without calling the function."
        )
    if not isinstance(atomic, bool):
        raise StepMisuseError(f"Step {step_id!r}: atomic must be True or False, not {atomic!r}.")
    if atomic and is_coroutine_function(handler):
        raise StepMisuseError(
            f"Step {step_id!r}: an atomic step needs a plain handler, not a coroutine function: a "
            "transaction belongs to one thread. Write it with the sync ORM."
        )
    _check_retries(step_id, retries)
    return Work(
        handler,
        args,
        retries=retries,
        is_atomic=atomic,
        timeout=_seconds(step_id, timeout),
        output_type=None if output_type is None else _output_type(step_id, output_type),
    )


def sleep(step_id: str, length: int | timedelta | str) -> Sleep:
    """Check and return a pause."""
    check_id(step_id)
    return Sleep(duration(length, f"Step {step_id!r}: duration").total_seconds())


def sleep_until(step_id: str, until: datetime) -> Sleep:
    """Check and return a pause with a fixed end."""
    check_id(step_id)
    return Sleep(until=moment(until, f"Step {step_id!r}: until"))


def send(
    step_id: str,
    start: Event | None,
    events: Event | Sequence[Event],
    ingest: Callable[[list[Event]], list[str]],
) -> Work:
    """Check and return the sending of events, which is one transaction with the step's record.

    They have the tenant and the subject of the event that started the run, if they name no others.
    """
    check_id(step_id)
    batch = [events] if isinstance(events, Event) else events
    if not isinstance(batch, list | tuple):
        raise StepMisuseError(
            f"Step {step_id!r}: send_event takes a durable.Event or a list of them, "
            f"not {type(events).__name__}."
        )
    kin = [_kin(event, start) if start else event for event in batch]
    return Work(ingest, (kin,), is_atomic=True, op="send")


def _kin(event: Event, start: Event) -> Event:
    given: object = event
    if not isinstance(given, Event):
        return event  # which is told of when it is sent
    return replace(
        event, tenant=event.tenant or start.tenant, subject=event.subject or start.subject
    )


def wait_for_event(
    step_id: str,
    start: Event | None,
    *,
    event: str,
    timeout: int | timedelta | str | None,
    match: str | None,
    if_exp: str | None,
    lookback: int | timedelta | str | None,
) -> EventWait:
    """Check and return what is to be waited for."""
    check_id(step_id)
    what = f"Step {step_id!r}"
    name: object = event
    if not isinstance(name, str) or not 0 < len(name.strip()) <= LONGEST_NAME:
        raise StepMisuseError(
            f"{what}: event must be the name of an event, of 1 to {LONGEST_NAME} characters, "
            f"not {event!r:.80}."
        )
    if event.endswith("*"):
        raise StepMisuseError(
            f"{what}: event must be a whole name, not {event!r}: a wait has no wildcards. Trigger a "
            "function on the pattern instead."
        )
    if event.startswith(RESERVED):
        raise StepMisuseError(
            f"{what}: events of durable itself, such as {event!r}, are not waited for. Invoke the "
            "function with ctx.step.invoke, or trigger a function on the event."
        )
    if timeout is None:
        raise StepMisuseError(
            f"{what}: wait_for_event needs a timeout, in milliseconds, as a timedelta or as text: "
            'timeout="7d". When it is over, the answer is None.'
        )
    _check_match(what, start, match)
    condition = Condition.of(
        event,
        event=start.as_dict() if start else {},
        match=match,
        if_exp=if_exp,
        tenant=start.tenant if start else "",
        what=what,
    )
    past = None if lookback is None else duration(lookback, f"{what}: lookback")
    return EventWait(
        event=event,
        timeout=duration(timeout, f"{what}: timeout").total_seconds(),
        path=condition.path,
        match=condition.key,
        rest=condition.rest,
        lookback=None if past is None else past.total_seconds(),
        read=_as_event,
    )


def _check_match(what: str, start: Event | None, match: str | None) -> None:
    """Refuse a path that leads nowhere in the starting event: no event would ever match it."""
    if match is None or start is None:
        return
    path = read_path(match, f"{what}: match")
    if path.value(Scope({"async": start.as_dict()})) is MISSING:
        raise StepMisuseError(
            f"{what}: match={match!r} leads to nothing in the event that started the run, so no event "
            'would ever match. A path begins with data, as in "data.user_id".'
        )


def _as_event(value: Any) -> Event | None:
    return None if value is None else Event(**value)


def check_id(step_id: object) -> None:
    """Refuse what cannot name a step."""
    if not isinstance(step_id, str) or not 0 < len(step_id) <= LONGEST_ID:
        raise StepMisuseError(
            f"A step id must be a string of 1 to {LONGEST_ID} characters, not {step_id!r:.80}."
        )
    if step_id != storable(step_id):
        raise StepMisuseError(f"Step id {step_id!r} holds a NUL character or a lone surrogate.")


def _output_type(step_id: str, hint: Any) -> OutputType:
    try:
        return OutputType.of(hint)
    except UnsupportedTypeError as error:
        raise StepMisuseError(f"Step {step_id!r}: output_type: {error}") from error


def _check_retries(step_id: str, retries: object) -> None:
    if retries is None:
        return
    if (
        isinstance(retries, bool)
        or not isinstance(retries, int)
        or not 0 <= retries <= MOST_RETRIES
    ):
        raise StepMisuseError(
            f"Step {step_id!r}: retries must be from 0 to {MOST_RETRIES}, not {retries!r}."
        )


def _seconds(step_id: str, timeout: int | timedelta | str | None) -> float | None:
    if timeout is None:
        return None
    seconds = duration(timeout, f"Step {step_id!r}: timeout").total_seconds()
    if not seconds:
        raise StepMisuseError(
            f"Step {step_id!r}: timeout must be longer than nothing, not {timeout!r}. Leave it out, "
            "or give None, for a step that may take as long as it likes."
        )
    return seconds
