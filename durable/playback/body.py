"""Running the body of a step, and saying how it went."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from durable.playback import around
from durable.playback.awaited import awaited
from durable.playback.cursor import CURSOR, Cursor, Intent
from durable.playback.failure import Failure
from durable.playback.given import given
from durable.playback.interrupt import Interrupt
from durable.playback.request import Request

# What passes through: our own signals, and somebody at the keyboard.
PASSED = (Interrupt, KeyboardInterrupt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One execution of a body: what it returned, or how it failed.

    It took `seconds`, and had ended at `ended` on the monotonic clock.
    """

    request: Request
    value: Any = None
    failure: Failure | None = None
    given: str | None = None
    seconds: float = 0.0
    ended: float = field(default_factory=time.monotonic)


def run_body(
    request: Request, attempt: int, call: Callable[[], Any] | None = None, *, is_new: bool = True
) -> Ran:
    """Call a body, for the `attempt`th time after the first. Signals of a misused inner step pass through.

    Args:
        request: the step.
        attempt: its failed tries so far.
        call: how to call the body, if that is to be limited.
        is_new: whether what it is called with is to be kept: of a planned step it is.
    """
    said = given(request) if is_new else None  # before the body can change it
    begun = time.monotonic()
    try:
        with inside(request, attempt):
            value = call() if call else request.work.call(*request.work.args)
    except PASSED:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit, CancelledError and stranger ones
        return _failed(request, error, begun, said)
    return Ran(request=request, value=value, given=said, seconds=time.monotonic() - begun)


async def await_body(
    request: Request, attempt: int, awaitable: Awaitable[Any] | None = None, *, is_new: bool = True
) -> Ran:
    """Call a coroutine function as a body, or await what a plain one returned."""
    said = given(request) if is_new else None
    begun = time.monotonic()
    try:
        with inside(request, attempt):
            awaitable = awaitable or request.work.call(*request.work.args)
            value = await (awaited(request, awaitable) if request.work.timeout else awaitable)
    except PASSED:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit, CancelledError and stranger ones
        return _failed(request, error, begun, said)
    return Ran(request=request, value=value, given=said, seconds=time.monotonic() - begun)


def _failed(request: Request, error: BaseException, begun: float, said: str | None) -> Ran:
    seconds = time.monotonic() - begun
    return Ran(request=request, failure=Failure.of(error), given=said, seconds=seconds)


@contextmanager
def inside(request: Request, attempt: int) -> Iterator[None]:
    """Mark the code within as the body of a step, where no other step may be called."""
    outer = CURSOR.get()
    assert outer is not None
    cursor = Cursor(
        tape=outer.tape,
        intent=Intent.BODY,
        mode=outer.mode,
        title=request.title,
        attempt=attempt,
    )
    token = CURSOR.set(cursor)
    try:
        with around.body(request.title, attempt):
            yield
    finally:
        CURSOR.reset(token)


def is_coroutine_function(body: Any) -> bool:
    """Say whether calling `body` gives a coroutine, looking through partials and callable objects."""
    while isinstance(body, partial):
        body = body.func
    if inspect.isroutine(body):
        return inspect.iscoroutinefunction(body)
    return inspect.iscoroutinefunction(body) or inspect.iscoroutinefunction(
        getattr(type(body), "__call__", None)  # noqa: B004 - the method itself is wanted
    )
