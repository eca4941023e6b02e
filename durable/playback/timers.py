"""Timers that an async function's own code sets: with asyncio.sleep, timeout, wait, wait_for.

A short one runs on the loop. A longer one is durable: a step that rests beside the others when the
run does, or is recorded when it fires before that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextvars import Context
from dataclasses import dataclass, replace
from threading import get_ident
from typing import Any

from durable.playback.ask import Ask
from durable.playback.body import Ran
from durable.playback.cursor import CURSOR, Cursor, Intent
from durable.playback.interrupt import Parked
from durable.playback.memo import Memo
from durable.playback.request import ParallelMode, Request, Sleep, Work
from durable.playback.tape import Tape

SHORT = 1.0  # seconds; what is shorter keeps the loop, and is not remembered
_LOOK = 1.0  # seconds between two looks for planned steps that end elsewhere, while bodies run here
_SOON = 0.02  # seconds to the next look if one that was expected has not ended yet


@dataclass(slots=True, eq=False)
class Timer(Ask):
    """A timer of the code, as a step it awaits."""

    @property
    def is_ticking(self) -> bool:
        """Whether it is only in this process's memory."""
        return not self.is_started and self.memo is None

    def remaining(self, now: float) -> Request:
        """Return it with what is left of its time."""
        return replace(self.request, what=Sleep(max(self.due - now, 0.0)))

    def rung(self) -> Ran:
        """Describe its end as that of a step which took so long."""
        seconds = self.request.seconds
        request = replace(self.request, what=Work(int, op=self.request.op))
        return Ran(request=request, seconds=seconds)


class _Handle(asyncio.TimerHandle):
    """What asyncio is given to cancel such a timer."""

    future: asyncio.Future[Any]

    def cancel(self) -> None:
        """Give the timer up."""
        super().cancel()
        self.future.cancel()


class Timers:
    """The timers of one call.

    Args:
        tape: the run's.
        loop: on which short ones run.
        fresh: where the others are asked for.
    """

    def __init__(self, tape: Tape, loop: asyncio.SelectorEventLoop, fresh: list[Ask]) -> None:
        self.tape = tape
        self.loop = loop
        self.fresh = fresh
        self._short: list[asyncio.TimerHandle] = []
        self._looked = time.monotonic()

    def set(
        self, when: float, callback: Callable[..., Any], args: Any, context: Context | None
    ) -> asyncio.TimerHandle | None:
        """Take over a timer; None if it is not one of the function's own code, or too short."""
        cursor = CURSOR.get()
        if cursor is None or not self._is_durable(cursor):
            return None
        seconds = when - self.loop.time()
        request = self.tape.request("timer", Sleep(max(seconds, 0.0)), is_own=True)
        if seconds < SHORT:
            return None
        return self._keep(request, when, _Handle(when, callback, args, self.loop, context))

    def note_short(self, handle: asyncio.TimerHandle) -> None:
        """Remember a timer that runs on the loop."""
        cursor = CURSOR.get()
        if cursor is not None and self._is_durable(cursor):
            self._short = [other for other in self._short if self._left(other) > 0]
            self._short.append(handle)

    def _is_durable(self, cursor: Cursor) -> bool:
        is_ours = cursor.tape is self.tape and cursor.thread == get_ident()
        is_over = cursor.interrupt or self.tape.root.interrupt or self.tape.misuse
        return is_ours and cursor.intent is not Intent.BODY and not is_over

    def _keep(self, request: Request, when: float, handle: _Handle) -> _Handle:
        request = replace(request, mode=ParallelMode.RACE)
        memo = self.tape.recall(request, self.tape.cursor(request.title))
        future = handle.future = self.loop.create_future()
        timer = Timer(request, future, memo=memo, due=when)
        timer.find(self.tape, self.loop.time())
        self.fresh.append(timer)

        def fire(_: object) -> None:
            if not handle.cancelled():
                handle._run()

        future.add_done_callback(fire)
        return handle

    def _left(self, handle: asyncio.TimerHandle) -> float:
        return 0.0 if handle.cancelled() else handle.when() - self.loop.time()

    def short(self) -> float:
        """Return the seconds until the last of the short timers, 0 if there is none."""
        return max([0.0, *map(self._left, self._short)])

    def next(self, asks: Iterable[Ask]) -> float | None:
        """Return the seconds until the next of these timers, None if there is none."""
        now = self.loop.time()
        dues = [ask.due for ask in asks if isinstance(ask, Timer) and ask.is_ticking]
        return max(min(dues) - now, 0.0) if dues else None

    def ring(self, asks: Iterable[Ask]) -> list[tuple[Timer, Memo | Parked]]:
        """Record that those of them have ended whose time has come; return what is remembered."""
        now = self.loop.time()
        due = [a for a in asks if isinstance(a, Timer) and a.is_ticking and a.due <= now]
        if not due:
            return []
        self.tape.performer.admit([timer.request for timer in due])
        answers = self.tape.performer.record([timer.rung() for timer in due])
        return list(zip(due, answers, strict=True))

    def plan(self, pauses: Iterable[Ask]) -> None:
        """Plan steps that end without this process."""
        now = self.loop.time()
        asked = list(pauses)
        self.tape.performer.plan([ask.remaining(now) for ask in asked])
        for ask in asked:
            if ask.request.until is None and not isinstance(ask, Timer):
                ask.due = now + ask.request.seconds

    def next_look(self, asks: Iterable[Ask]) -> float | None:
        """Return the seconds until planned steps should be looked for, None if there are none."""
        if not self.tape.opened:
            return None
        dues = [ask.due for ask in asks if ask.request.key in self.tape.opened]
        if not dues:
            return None
        at = max(min(*dues, self._looked + _LOOK), self._looked + _SOON)
        return max(at - time.monotonic(), 0.0)

    def look(self, asks: Iterable[Ask]) -> None:
        """Find out which of these planned steps have ended."""
        asked = list(asks)
        if self.next_look(asked) != 0.0:
            return
        self.tape.learn(self.tape.performer.look())
        self._looked = time.monotonic()
        for ask in asked:
            if ask.memo is None:
                ask.memo = self.tape.memos.get(ask.request.key)
