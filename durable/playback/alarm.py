"""Interrupting code in the thread in which it runs, from another thread."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from types import FrameType
from typing import Any

_PATIENCE, _LOOK = 0.1, 0.0001  # seconds to wait for a signal under way, and between two looks


class TimedOut(KeyboardInterrupt):
    """Raised within code whose time is over.

    As an interrupt it passes where exceptions are caught, and programs know what to do: psycopg has
    the server stop the statement, subprocess ends the program it waits for.
    """


class Alarm:
    """Raises `TimedOut` in the thread that made it, as soon as that executes Python again.

    Made, begun, withdrawn and ended in that thread; `ring` is for others.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def begin(self) -> None:
        """Be ready to be rung."""

    def ring(self) -> None:
        """Raise it."""
        _raise_in(self._thread, ctypes.py_object(TimedOut))

    def withdraw(self) -> None:
        """Take back what has not been raised yet. Nobody rings any more."""
        _raise_in(self._thread, None)

    def end(self) -> None:
        """Leave everything as it was found."""


class SignalAlarm(Alarm):
    """Raises it in the main thread by SIGALRM, which also ends most calls that wait in the system.

    The handler there was is called for signals that are not from here. While the code has a handler
    of its own in place, that is left alone.
    """

    def __init__(self) -> None:
        super().__init__()
        self._handler = self._receive  # one object, to be known again
        self._is_under_way = False
        self._is_withdrawn = False

    def begin(self) -> None:
        """Be ready to be rung."""
        self._before = signal.signal(signal.SIGALRM, self._handler)

    def ring(self) -> None:
        """Raise it."""
        if signal.getsignal(signal.SIGALRM) is not self._handler:
            super().ring()
        elif not self._is_under_way:
            self._is_under_way = True
            signal.pthread_kill(self._thread, signal.SIGALRM)

    def withdraw(self) -> None:
        """Take back what has not been raised yet. Nobody rings any more."""
        self._is_withdrawn = True
        super().withdraw()

    def end(self) -> None:
        """Put the handler back, when no signal is under way that would find it."""
        give_up = time.monotonic() + _PATIENCE
        while self._is_under_way and time.monotonic() < give_up:
            time.sleep(_LOOK)
        signal.signal(signal.SIGALRM, self._before)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._is_under_way:
            self._is_under_way = False
            if not self._is_withdrawn:
                raise TimedOut
        elif callable(self._before):
            self._before(number, frame)


def alarm() -> Alarm:
    """Return the best alarm for this thread."""
    is_main = threading.current_thread() is threading.main_thread()
    has_signals = is_main and hasattr(signal, "pthread_kill")
    # A handler that was not set from Python could not be put back.
    if has_signals and signal.getsignal(signal.SIGALRM) is not None:
        return SignalAlarm()
    return Alarm()


def _raise_in(thread: int, error: Any) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), error)
