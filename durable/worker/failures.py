"""Counts the clusters that ended: how long to wait before the next one, and when not to try again."""

from __future__ import annotations

from dataclasses import dataclass

TRIES = 3  # clusters that may end before the first one was ready
_HEALTHY_SECONDS = 10.0  # of a cluster that was ready, after which a failure is the first again


@dataclass(slots=True)
class Failures:
    """Those of one supervisor.

    Once a cluster was ready, the site is one that works, and what stops the next ones may pass: they
    are tried for ever.
    """

    in_a_row: int = 0
    stillborn: int = 0
    _has_lived: bool = False

    def count(self, *, was_ready: bool, seconds: float) -> None:
        """Count a cluster that ended after so many seconds."""
        self._has_lived |= was_ready
        self.stillborn = 0 if self._has_lived else self.stillborn + 1
        is_first = was_ready and seconds > _HEALTHY_SECONDS
        self.in_a_row = 1 if is_first else self.in_a_row + 1

    @property
    def are_hopeless(self) -> bool:
        """Whether the next cluster would not start either."""
        return self.stillborn >= TRIES
