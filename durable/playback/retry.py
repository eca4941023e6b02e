"""When to try again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from durable.playback.failure import Failure

Backoff = Sequence[float] | Callable[[int], float]

SHORTEST, LONGEST = 1.0, 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often, and after how long.

    Args:
        retries: tries after the first.
        backoff: seconds before each retry (the last entry repeats), or f(attempt) -> seconds.
        jitter: seconds at most, added at random to an entry of a table.
    """

    retries: int
    backoff: Backoff
    jitter: float = 0.0

    def delay(
        self, failure: Failure, attempt: int, *, now: datetime, dice: Callable[[], float]
    ) -> float | None:
        """Return the seconds to wait after a failed attempt (from 0), or None: it was the last."""
        if not failure.is_retriable or attempt >= self.retries:
            return None
        if failure.retry_after is not None:
            wanted = (failure.retry_after - now).total_seconds()
            return min(max(wanted, SHORTEST), LONGEST)
        if callable(self.backoff):
            return max(float(self.backoff(attempt)), 0.0)
        return float(self.backoff[min(attempt, len(self.backoff) - 1)]) + self.jitter * dice()
