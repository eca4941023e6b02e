"""How far somebody who watches a run has been told of it: what `Last-Event-ID` holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

# The end of a step becomes visible so much later than its time at most: its batch is written together.
_SLACK = timedelta(minutes=1)
_MOST = 1000  # steps that are listed
_LONGEST = 8000  # characters of a position
_OVER = "over"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """All steps that had ended by `until` were told, and of those that ended later the ones listed."""

    until: datetime = _EPOCH
    later: frozenset[int] = frozenset()
    is_over: bool = False  # the end of the run was told

    @classmethod
    def read(cls, text: str) -> Position:
        """Return the position that a text spells; the beginning if it spells none."""
        until, _, rest = text[:_LONGEST].partition(":")
        steps, _, over = rest.partition(":")
        try:
            gaps = [int(gap, 36) for gap in steps.split(",") if gap]
            return cls(
                until=_EPOCH + int(until) * _TICK,
                later=frozenset(accumulate(gaps)),
                is_over=over == _OVER,
            )
        except (ValueError, OverflowError):
            return cls()

    def __str__(self) -> str:
        steps = ",".join(_base36(gap) for gap in _gaps(sorted(self.later)))
        return f"{(self.until - _EPOCH) // _TICK}:{steps}:{_OVER if self.is_over else ''}"

    def after(self, ended: Mapping[int, datetime], *, is_over: bool) -> Position:
        """Return the position when it was told of all of these.

        Args:
            ended: when steps ended, all of those that ended after `until`.
            is_over: whether it was told of the end of the run.
        """
        times = sorted(ended.values())
        until = self.until
        if times:
            # A microsecond less: SQLite compares times as texts, and does not write a fraction of 0.
            until = max(until, times[-1] - _SLACK - _TICK)
        if len(times) > _MOST:
            until = max(until, times[-_MOST - 1])
        later = frozenset(step for step, time in ended.items() if time > until)
        return Position(until=until, later=later, is_over=is_over)


def _gaps(ids: list[int]) -> Iterator[int]:
    """Steps of one run lie close to each other: what is between them is short to write."""
    yield from ids[:1]
    yield from (higher - lower for lower, higher in pairwise(ids))


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
