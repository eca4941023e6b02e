"""A step that an async function awaits."""

from __future__ import annotations

import asyncio
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from math import inf

from durable.playback.interrupt import Parked
from durable.playback.memo import Memo
from durable.playback.request import ParallelMode, Request
from durable.playback.tape import Tape


@dataclass(slots=True, eq=False)
class Ask:
    """One awaited step."""

    request: Request
    future: asyncio.Future[Memo]
    is_retry: bool = False  # it failed in an earlier call, so its wave is open
    context: Context = field(default_factory=copy_context)
    is_started: bool = False
    is_given_up: bool = False  # by an earlier call, as this one will when it comes to that
    memo: Memo | None = None
    due: float = inf  # on the loop's clock: when a planned step is expected to end
    parked: Parked | None = None  # it failed, and is to be retried

    def find(self, tape: Tape, now: float) -> None:
        """Take over what is known of the step from earlier calls; `now` is the loop's time."""
        key = self.request.key
        if key in tape.waits:
            self.is_started, self.parked = True, Parked(tape.waits[key])
        elif key in tape.opened:
            self.is_started = True  # by whoever claims it
            self.due = now + tape.dues.get(key, inf)
        elif key in tape.abandoned:
            self.is_started = self.is_given_up = True

    @property
    def is_wait(self) -> bool:
        return self.request.mode is ParallelMode.WAIT

    @property
    def is_unfinished(self) -> bool:
        """Whether the wave it belongs to must wait for it."""
        return (self.is_started or self.is_retry) and self.memo is None and not self.is_given_up

    def remaining(self, now: float) -> Request:
        """Return the request as it is to be planned at this time of the loop."""
        return self.request

    def hand_out(self) -> None:
        """Give the code the result."""
        assert self.memo is not None
        self.future.set_result(self.memo)
