"""Running the body of a step, and saying how it went."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from durable.replay.cursor import CURSOR, Cursor, Intent
from durable.replay.failure import Failure
from durable.replay.interrupt import Interrupt
from durable.replay.request import Request

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
    seconds: float = 0.0
    ended: float = field(default_factory=time.monotonic)


def run_body(request: Request, attempt: int) -> Ran:
    """Call a body, for the `attempt`th time after the first. Signals of a misused inner step pass through."""
    begun = time.monotonic()
    try:
        with inside(request, attempt):
            value = request.body(*request.args)
    except PASSED:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit, CancelledError and stranger ones
        return _failed(request, error, begun)
    return Ran(request=request, value=value, seconds=time.monotonic() - begun)


async def await_body(
    request: Request, attempt: int, awaitable: Awaitable[Any] | None = None
) -> Ran:
    """Call a coroutine function as a body, or await what a plain one returned."""
    begun = time.monotonic()
    try:
        with inside(request, attempt):
            value = await (awaitable or request.body(*request.args))
    except PASSED:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit, CancelledError and stranger ones
        return _failed(request, error, begun)
    return Ran(request=request, value=value, seconds=time.monotonic() - begun)


def _failed(request: Request, error: BaseException, begun: float) -> Ran:
    return Ran(request=request, failure=Failure.of(error), seconds=time.monotonic() - begun)


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
        yield
    finally:
        CURSOR.reset(token)
