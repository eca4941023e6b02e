"""Signals by which a call of the function ends early. Not errors: `except Exception` lets them pass."""

from __future__ import annotations

from collections.abc import Sequence

from durable.errors import DurableError
from durable.playback.request import Request


class Interrupt(BaseException):
    """Base of the signals."""


class Blocked(Interrupt):
    """A branch needs these steps before it can go on."""

    def __init__(self, requests: Sequence[Request] = ()) -> None:
        super().__init__()
        self.requests = tuple(requests)


class Parked(Interrupt):
    """The run rests until its row comes due again.

    Args:
        retry_in: seconds until a failed step may be tried again.
        is_released: the row says so already, and another worker may hold the run.
    """

    def __init__(self, retry_in: float | None = None, *, is_released: bool = False) -> None:
        super().__init__()
        self.retry_in = retry_in
        self.is_released = is_released


class Stepped(Interrupt):
    """What was done is remembered; call the function again."""


class Targeted(Interrupt):
    """The steps this call was made for are done."""


class Fenced(Interrupt):
    """Somebody else owns the run now, or it has ended; write nothing more."""


class Halted(Interrupt):
    """A step was misused, or a limit reached; the run fails with this error, whatever user code catches."""

    def __init__(self, error: DurableError) -> None:
        super().__init__()
        self.error = error
