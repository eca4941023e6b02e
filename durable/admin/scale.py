"""From times to places: a scale that leaves out long times in which nothing was at work. No database, no HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Self

from durable.admin.waterfall import Bar

_TICKS = 6
_NEAR = 7.0  # per cent within which two texts would touch
_WORK = {"run", "done", "failed", "cancelled"}
_SHARE = 0.25  # of the width that work has, for the rest to be left as it is
_LONG = timedelta(minutes=1)  # below which no pause is cut
_CUTS = 8
_WIDTH, _WIDEST = 9.0, 45.0  # per cent, of one cut and of all
_LEAST = 0.4  # per cent of work that took next to no time, to be seen at all


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time, from one place to another."""

    begin: datetime
    end: datetime
    left: float
    right: float
    is_cut: bool

    @property
    def length(self) -> timedelta:
        """The time, never nothing."""
        return max(self.end - self.begin, timedelta(milliseconds=1))

    @property
    def width(self) -> float:
        """The part of the picture, in per cent."""
        return self.right - self.left

    def x(self, moment: datetime) -> float:
        """Where a moment is within it."""
        share = (moment - self.begin) / self.length
        return self.left + min(max(share, 0.0), 1.0) * self.width


@dataclass(frozen=True, slots=True)
class Tick:
    """A round time: seconds since the beginning, or since the last cut."""

    x: float
    seconds: float
    is_after_cut: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """Places are per cent of the width. Between cuts, and within one, time goes evenly."""

    pieces: tuple[Piece, ...]

    @classmethod
    def of(cls, begin: datetime, end: datetime, bars: Iterable[Bar] = ()) -> Self:
        """Make one that is wide where there was work.

        Args:
            begin: of the picture.
            end: of the picture.
            bars: of its steps.
        """
        end = max(end, begin + timedelta(milliseconds=1))
        cuts = _cuts(begin, end, bars)
        edges = [begin, *(edge for cut in cuts for edge in cut), end]
        kept = (end - begin) - sum((b - a for a, b in cuts), timedelta())
        cut_width = min(_WIDTH, _WIDEST / len(cuts)) if cuts else 0.0
        rest = 100.0 - cut_width * len(cuts)
        pieces, left = [], 0.0
        for number, (first, last) in enumerate(pairwise(edges)):
            is_cut = bool(number % 2)
            width = cut_width if is_cut else rest * ((last - first) / kept)
            pieces.append(Piece(first, last, left, left + width, is_cut))
            left += width
        return cls(tuple(pieces))

    @property
    def begin(self) -> datetime:
        """The time at the left."""
        return self.pieces[0].begin

    @property
    def cuts(self) -> list[Piece]:
        """Times that are drawn as a narrow band, whatever their length."""
        return [piece for piece in self.pieces if piece.is_cut]

    def x(self, moment: datetime) -> float:
        """Where a moment is, within the picture."""
        piece = next((one for one in self.pieces if moment <= one.end), self.pieces[-1])
        return round(piece.x(moment), 3)

    def boxes(self, bars: Sequence[Bar]) -> list[tuple[float, float]]:
        """Where each bar of a lane begins, and how wide it is: work is never too narrow to be seen.

        What is widened takes its place from pauses, not from other work, and stays within the picture.
        """
        places = [(self.x(bar.begin), self.x(bar.end)) for bar in bars]
        work = [number for number, bar in enumerate(bars) if not bar.is_rest]
        edge = 0.0
        for number in work:
            left, right = max(places[number][0], edge), places[number][1]
            edge = max(right, left + _LEAST)
            places[number] = left, edge
        edge = 100.0
        for number in reversed(work):
            left, right = places[number]
            right = min(right, edge)
            edge = max(min(left, right - _LEAST), 0.0)
            places[number] = edge, right
        return [(round(left, 3), round(right - left, 3)) for left, right in places]

    def ticks(self) -> list[Tick]:
        """Return round times, with room for a text at each; after a cut they count anew."""
        kept = [piece for piece in self.pieces if not piece.is_cut]
        total = sum((piece.length for piece in kept), timedelta()).total_seconds()
        unit = _unit(total / _TICKS)
        taken = [(cut.left + cut.right) / 2 for cut in self.cuts]
        found: list[Tick] = []
        for piece in kept:
            for tick in _ticks_of(piece, unit, is_after_cut=piece is not self.pieces[0]):
                if all(abs(tick.x - x) >= _NEAR for x in taken):
                    found.append(tick)
                    taken.append(tick.x)
        return found


def _ticks_of(piece: Piece, unit: float, *, is_after_cut: bool) -> Iterator[Tick]:
    total = piece.length.total_seconds()
    for number in range(int(total // unit) + 1):
        place = piece.left + number * unit / total * piece.width
        yield Tick(round(place, 3), number * unit, is_after_cut)


def _cuts(begin: datetime, end: datetime, bars: Iterable[Bar]) -> list[tuple[datetime, datetime]]:
    """Choose the longest pauses, until work has its share of the width."""
    pauses = list(_pauses(begin, end, bars))
    kept = end - begin
    work = kept - sum((b - a for a, b in pauses), timedelta())
    chosen = []
    for pause in sorted(pauses, key=lambda one: one[0] - one[1])[:_CUTS]:
        length = pause[1] - pause[0]
        if not work or work >= _SHARE * kept or length < _LONG:
            break
        chosen.append(pause)
        kept -= length
    return sorted(chosen)


def _pauses(
    begin: datetime, end: datetime, bars: Iterable[Bar]
) -> Iterator[tuple[datetime, datetime]]:
    here = begin
    for bar in sorted((bar for bar in bars if bar.kind in _WORK), key=lambda bar: bar.begin):
        if bar.begin > here:
            yield here, min(bar.begin, end)
        here = max(here, bar.end)
    if end > here:
        yield here, end


def _unit(seconds: float) -> float:
    """Round a length up to one that people count in."""
    below = [digit * size for size in (0.001, 0.01, 0.1) for digit in (1, 2, 5)]
    minutes = [digit * size for size in (1.0, 60.0) for digit in (1, 2, 5, 10, 15, 30)]
    hours = [hour * 3600.0 for hour in (1, 2, 3, 6, 12)]
    days = [digit * 10.0**power * 86_400 for power in range(6) for digit in (1, 2, 5)]
    return next(unit for unit in [*below, *minutes, *hours, *days] if unit >= seconds)
