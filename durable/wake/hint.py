"""Waking by a message on the site's broker, whichever that is."""

from __future__ import annotations

import time
from collections.abc import Callable

from django_q.tasks import async_task

from durable.q2.hints import DRAIN

_WINDOW = 0.03  # seconds in which no more hints are sent than workers could take


class Hint:
    """Sends hints. One that is left out delays work by a second at most: the ticker looks that often.

    Args:
        workers: of one cluster.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._begun = float("-inf")
        self._sent = 0

    def now(self, count: int) -> None:
        """Send up to `count` hints, as many as workers could take in a while."""
        now = time.monotonic()
        if now - self._begun > _WINDOW:
            self._begun, self._sent = now, 0
        for _ in range(min(count, self._workers - self._sent)):
            self._sent += 1
            async_task(DRAIN, save=False, ack_failure=True, timeout=-1)

    def later(self, seconds: float) -> None:
        """Have the ticker of this process send one in time, if it has a ticker."""
        if alarm is not None:
            alarm(seconds)


alarm: Callable[[float], None] | None = None
