"""Async bodies that may take so long and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from durable.errors import StepTimeoutError
from durable.playback.interrupt import Interrupt
from durable.playback.request import Request

GRACE = 2.0  # seconds in which an interrupted body may end, before it is left behind


def timed_out(request: Request) -> StepTimeoutError:
    """Say that a try took too long."""
    return StepTimeoutError(
        f"Step {request.title!r} took longer than its time-out of {request.work.timeout:g} s."
    )


async def awaited(request: Request, awaitable: Awaitable[Any]) -> Any:
    """Await an async body, and cancel it when its time is over; one that does not end is left behind.

    Raises:
        StepTimeoutError: it was cancelled.
    """
    task = asyncio.Task(_outcome(awaitable), loop=asyncio.get_running_loop())
    try:
        await asyncio.wait({task}, timeout=request.work.timeout)
        if task.done():
            return _opened(task)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE)
    raise timed_out(request) from _reason(task)


async def _outcome(awaitable: Awaitable[Any]) -> tuple[Any, BaseException | None]:
    """A task that raises SystemExit would take the whole loop with it."""
    try:
        return await awaitable, None
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and stranger ones
        return None, error


def _opened(task: asyncio.Task[tuple[Any, BaseException | None]]) -> Any:
    value, error = task.result()
    if error is not None:
        raise error
    return value


def _reason(task: asyncio.Task[tuple[Any, BaseException | None]]) -> BaseException | None:
    """Return what the body raised as it was cancelled."""
    if not task.done():
        return None
    error = asyncio.CancelledError() if task.cancelled() else task.result()[1]
    if isinstance(error, Interrupt):
        raise error
    return error
