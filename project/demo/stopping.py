"""A signal asks the demo to stop."""

from __future__ import annotations

import signal
from typing import Any, NoReturn


class Stopped(BaseException):
    """A signal asks to stop. A KeyboardInterrupt may end Python by the signal although it was caught."""

    def __init__(self, number: int) -> None:
        self.number = number


_asked: list[int] = []


def follow() -> None:
    """Raise `Stopped` when somebody asks for it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)


def check() -> None:
    """Raise it again: where it strikes in a function that C code calls, it is lost.

    Raises:
        Stopped: somebody has asked.
    """
    if _asked:
        raise Stopped(_asked[0])


def _stop(number: int, _: Any) -> NoReturn:
    _asked.append(number)
    raise Stopped(number)
