"""How many planned steps to claim at a time: many while they are quick, few while they are long."""

from __future__ import annotations

from dataclasses import dataclass

LARGEST = 50
QUICK = 0.025  # seconds for a batch


@dataclass(slots=True)
class Pace:
    """Starts with a share that leaves the tail of a wave balanced between workers."""

    size: int

    def adapt(self, seconds: float) -> None:
        """Learn from how long a batch took."""
        self.size = min(2 * self.size, LARGEST) if seconds < QUICK else max(self.size // 2, 1)


def first_share(due: int, workers: int) -> int:
    """Return a share of `due` steps of which each of `workers` finds several."""
    return max(1, min(LARGEST, due // (4 * workers)))
