"""Hints: messages that say only that there is work, and when the next of them is worth making."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import cache

from django.utils import timezone
from django_q.brokers import get_broker
from django_q.signing import SignedPackage

DRAIN = "durable.tasks.drain"
LOOK = 0.5  # seconds a pusher may wait before it looks at its stop event and at the tables
_BURST = 0.03  # seconds between two bursts while due rows remain
_NUDGED = 0.005  # the same, after a notification
_SATURATED = 0.25  # the most, while the workers have hints they did not take yet
_IN_VAIN = 1.0  # the most, while hints seem to change nothing


@cache
def package() -> str:
    """Return the signed message that makes a worker drain the tables; the same one every time."""
    task = {
        "id": uuid.uuid4().hex,
        "name": "durable",
        "func": DRAIN,
        "args": (),
        "kwargs": {},
        "save": False,
        "ack_failure": True,
        "timeout": -1,
        "started": timezone.now(),
    }
    return str(SignedPackage.dumps(task))


def untaken() -> int:
    """Return how many messages lie in the broker, whichever the site has."""
    return int(get_broker().queue_size() or 0)


class Throttle:
    """How many hints to make now: enough for idle workers, few while all are busy.

    Args:
        workers: how many may drain at a time.
        clock: monotonic seconds.
    """

    def __init__(self, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._workers = workers
        self._clock = clock
        self._gap = _BURST
        self._burst = self._ready = float("-inf")
        self._due = 0

    def allow(self, due: int, untaken: int | None) -> int:
        """Return how many hints to make for `due` rows.

        Args:
            due: rows that can be claimed.
            untaken: messages the workers did not take yet; None if that is not known.
        """
        now = self._clock()
        if due and now < self._ready:
            self._due = due
            return 0
        if not due:
            self._due, self._gap = 0, _BURST
            return 0
        if untaken is None:
            room, stuck, longest = self._workers, due >= self._due > 0, _IN_VAIN
        else:
            room, stuck, longest = self._workers - untaken, untaken >= self._workers, _SATURATED
        self._gap = min(2 * self._gap, longest) if stuck else _BURST
        self._due, self._burst, self._ready = due, now, now + self._gap
        return max(0, min(due, room))

    def nudge(self) -> None:
        """Note that something has just come due."""
        self._gap = _BURST
        self._ready = min(self._ready, self._burst + _NUDGED)

    def rest(self, next_in: float | None) -> float:
        """Return the seconds until the next look is worth it, `LOOK` at most.

        Args:
            next_in: seconds until the next row comes due; None if none is waiting.
        """
        if self._due:
            return min(LOOK, max(0.0, self._ready - self._clock()))
        return LOOK if next_in is None else min(LOOK, max(0.0, next_in))
