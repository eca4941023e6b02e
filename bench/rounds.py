"""Taking turns: whatever is compared is measured within the same seconds, again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A median, and the quartiles around it."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Sum up measured values."""
        if len(values) < 2:
            return cls(median=values[0], low=values[0], high=values[0])
        low, _, high = quantiles(values, n=4, method="inclusive")
        return cls(median=median(values), low=low, high=high)

    @classmethod
    def percentile(cls, values: Sequence[float], percent: int) -> Spread:
        """Return the value below which so many percent of the measured values lie."""
        return cls.of([quantiles(values, n=100, method="inclusive")[percent - 1]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What each case took, round by round."""

    taken: Mapping[str, Sequence[float]]

    def spread(self, case: str, scale: float = 1.0) -> Spread:
        """Sum up one case."""
        return Spread.of([scale * value for value in self.taken[case]])

    def ratio(self, case: str, yardstick: str, scale: float = 1.0) -> Spread:
        """Divide a case by its yardstick, each pair from one round."""
        pairs = zip(self.taken[case], self.taken[yardstick], strict=True)
        return Spread.of([scale * value / unit for value, unit in pairs])


def take_turns(rounds: int, cases: Mapping[str, Callable[[], float]]) -> Rounds:
    """Measure each case once a round, A B A B …, after a round that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, measure in cases.items():
            value = measure()
            if number:
                taken[name].append(value)
    return Rounds(taken=taken)
