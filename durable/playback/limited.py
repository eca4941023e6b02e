"""Plain bodies that may take so long and no longer."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from durable.playback.alarm import TimedOut, alarm
from durable.playback.awaited import timed_out
from durable.playback.body import PASSED, Ran
from durable.playback.failure import Failure, place_of
from durable.playback.interrupt import Fenced
from durable.playback.request import Request
from durable.playback.threads import Mate


class Limited:
    """One execution of a plain body. Its thread calls `call`; the others are for whoever has a clock.

    Args:
        request: the step.
        leave: called when its thread is left behind.
    """

    def __init__(self, request: Request, leave: Callable[[], object]) -> None:
        self.request = request
        self.thread = threading.current_thread()
        self.begun = time.monotonic()
        self.is_late = False  # the body was interrupted: whatever it returns, its time was over
        self.is_given_up = False  # the body hangs: its thread has no say any more
        self._leave = leave
        self._alarm = alarm()
        self._lock = threading.Lock()
        self._is_on = False

    @property
    def seconds(self) -> float:
        """How long it may take."""
        assert self.request.work.timeout is not None
        return self.request.work.timeout

    @property
    def ran(self) -> Ran:
        """Say so of a body that hangs, with the place in the code where it does."""
        failure = replace(Failure.of(timed_out(self.request)), stack=self.where)
        return Ran(request=self.request, failure=failure, seconds=time.monotonic() - self.begun)

    @property
    def where(self) -> str:
        """The lines of code where the thread is at the moment."""
        return place_of(sys._current_frames().get(self.thread.ident or 0))

    def call(self) -> Any:
        """Call the body.

        Raises:
            StepTimeoutError: it was interrupted.
            Fenced: it hung, and that was recorded meanwhile.
        """
        try:
            value = self._call()
        except BaseException as error:
            if not self.is_late or (isinstance(error, PASSED) and not isinstance(error, TimedOut)):
                raise
            if not self.is_given_up:
                raise timed_out(self.request) from error
        finally:
            self._is_on = False
        if self.is_given_up:
            raise Fenced
        if self.is_late:
            raise timed_out(self.request)
        return value

    def _call(self) -> Any:
        self._alarm.begin()
        try:
            self._is_on = True
            return self.request.work.call(*self.request.work.args)
        finally:
            while self._is_on:
                try:  # noqa: SIM105 - a call of suppress() might be interrupted too
                    self._end()
                except TimedOut:
                    pass
            self._alarm.end()

    def _end(self) -> None:
        with self._lock:
            self._is_on = False
        self._alarm.withdraw()

    def interrupt(self) -> None:
        """Interrupt the body, if it has not ended."""
        with self._lock:
            if self._is_on:
                self.is_late = True
                self._alarm.ring()

    def give_up(self) -> bool:
        """Take its say from the thread; False if the body has ended meanwhile."""
        with self._lock:
            self.is_given_up = self._is_on
            return self.is_given_up

    def leave(self) -> None:
        """Have nobody wait for the thread."""
        self._leave()
        if isinstance(self.thread, Mate):
            self.thread.leave_behind()
