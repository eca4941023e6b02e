"""An event loop that asks, before it blocks, for how long it may."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, Protocol, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LongestWait = Callable[[bool], float | None]

_OWN_FILES = 1  # the pipe by which threads wake the loop


class Patience:
    """How long a call waits for code that is at something else than its steps.

    `BUSY` seconds in all while timers, files or threads of the loop are pending; `IDLE` when only a
    thread that the loop does not know of could still wake it.
    """

    BUSY, IDLE = 10.0, 1.0

    def __init__(self) -> None:
        self._spent = 0.0
        self._idle = 0.0

    @property
    def is_over(self) -> bool:
        """Whether the code has had its time."""
        return not self.left(is_busy=False)

    def left(self, *, is_busy: bool) -> float:
        """Return for how many seconds more to wait."""
        idle = max(self.IDLE - self._idle, 0.0)
        in_all = max(self.BUSY - self._spent, 0.0)
        return in_all if is_busy and idle else min(in_all, idle)

    def spend(self, seconds: float, *, is_busy: bool) -> None:
        """Count what was waited."""
        self._spent += seconds
        self._idle += 0.0 if is_busy else seconds


class IdleSelector(selectors.DefaultSelector):
    """Asks before it blocks, and says how long it did.

    Args:
        longest_wait: for how many seconds to block at most, given whether anything is pending that
            will wake the loop; no limit if None.
        waited: told afterwards, when there was a limit.
    """

    def __init__(self, longest_wait: LongestWait, waited: Callable[[float, bool], object]) -> None:
        super().__init__()
        self.threads: set[asyncio.Future[Any]] = set()  # work given to executors
        self._longest_wait = longest_wait
        self._waited = waited

    def select(self, timeout: float | None = None) -> Any:
        """Wait for I/O, but no longer than allowed."""
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        is_busy = timeout is not None or bool(self.threads) or len(self.get_map()) > _OWN_FILES
        longest = self._longest_wait(is_busy)
        if longest is None:
            return super().select(timeout)
        begun = time.monotonic()
        events = super().select(longest if timeout is None else min(timeout, longest))
        self._waited(time.monotonic() - begun, is_busy)
        return events


class TakesTimers(Protocol):
    """What is asked first when a timer is set."""

    def set(
        self, when: float, callback: Callable[..., Any], args: Any, context: Context | None
    ) -> asyncio.TimerHandle | None:
        """Take the timer over; None if the loop is to keep it."""

    def note_short(self, handle: asyncio.TimerHandle) -> None:
        """Hear of one that the loop keeps."""


class IdleLoop(asyncio.SelectorEventLoop):
    """A loop on such a selector, which tells it of threads at work."""

    def __init__(self, selector: IdleSelector) -> None:
        super().__init__(selector)
        self._threads = selector.threads
        self.timers: TakesTimers | None = None

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call `callback` at a time of the loop's clock."""
        if self.timers and (taken := self.timers.set(when, callback, args, context)):
            return taken
        handle = super().call_at(when, callback, *args, context=context)
        if self.timers:
            self.timers.note_short(handle)
        return handle

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Have a thread call `func`."""
        future = super().run_in_executor(executor, func, *args)
        self._threads.add(future)
        future.add_done_callback(self._threads.discard)
        return future
