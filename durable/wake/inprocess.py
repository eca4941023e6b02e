"""Waking nobody: counts, for tests."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counter:
    """Remembers what was asked for. `with durable.wake.use(Counter()) as …`."""

    counts: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    def now(self, count: int) -> None:
        """Remember a count."""
        self.counts.append(count)

    def later(self, seconds: float) -> None:
        """Remember a delay."""
        self.delays.append(seconds)
