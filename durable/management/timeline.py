"""A run as lines of text: a line a step, with a bar on one axis of time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.management.color import Style

from durable.engine.words import span
from durable.management.words import Signs, coloured, line
from durable.models import Attempt, Run, Step
from durable.operations.outlook import tries

_LONGEST_NAME, _DEEPEST, _SHORTEST_BAR = 32, 8, 12
_NUMBERS = 31  # characters of the columns between name and bar
_FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: a step, or one of its failed tries."""

    name: str
    depth: int
    status: str
    started: datetime | None
    ended: datetime | None
    tries: int | None
    note: str

    @property
    def is_try(self) -> bool:
        """Whether it is a failed try."""
        return self.tries is None


def rows(steps: Iterable[Step], attempts: Iterable[Attempt], notes: dict[str, str]) -> list[Row]:
    """Return the rows of a run: each step in order, under it what failed before.

    Args:
        steps: of the run.
        attempts: the failed tries of the run.
        notes: the beginning of each step's result, by key.
    """
    failed: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        failed[attempt.key].append(attempt)
    found: list[Row] = []
    for step in steps:
        found.append(_step_row(step, notes.get(step.key, "")))
        last = step.attempt if step.status == _FAILED else None
        earlier = [one for one in failed.pop(step.key, []) if one.number != last]
        found += [_try_row(one, found[-1].depth + 1) for one in earlier]
    for rest in failed.values():
        found += [_try_row(one, 0) for one in rest]
    return found


def _step_row(step: Step, note: str) -> Row:
    return Row(
        name=step.title,
        depth=step.branch.count(".") + 1 if step.branch else 0,
        status=step.status,
        started=step.started,
        ended=step.ended,
        tries=tries(step),
        note=brief(step.failure) if step.failure else note,
    )


def _try_row(attempt: Attempt, depth: int) -> Row:
    what = (
        f"try {attempt.number + 1}" if attempt.key else f"function's code, try {attempt.number + 1}"
    )
    return Row(
        name=what,
        depth=depth,
        status=_FAILED,
        started=attempt.started,
        ended=attempt.ended,
        tries=None,
        note=brief(attempt.failure),
    )


def brief(failure: dict[str, str]) -> str:
    """Name an error."""
    return f"{failure['name']}: {failure['message']}" if failure["message"] else failure["name"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Draws the rows of a run.

    Args:
        run: whose start the axis begins with.
        rows: to be drawn.
        now: where the bars of what is not over end.
        width: of the terminal.
    """

    run: Run
    rows: Sequence[Row]
    now: datetime
    width: int
    signs: Signs
    style: Style

    def draw(self) -> Iterator[str]:
        """Return the lines, the first of which names the columns."""
        names = [self._name(row) for row in self.rows]
        room = max(map(len, [*names, "STEP"]))
        bar = max((self.width - room - _NUMBERS) // 2, _SHORTEST_BAR)
        note = max(self.width - room - _NUMBERS - bar - 2, 0)
        end = span(self._end - self._begin)
        yield f"{'STEP':<{room}}  {'START':>9}  {'TOOK':>9}  {'TRIES':>5}  0{end:>{bar - 1}}"
        for name, row in zip(names, self.rows, strict=True):
            yield self._line(name.ljust(room), row, bar, note)

    def _name(self, row: Row) -> str:
        indent = "  " * min(row.depth, _DEEPEST)
        sign = self.signs.of(row.status)
        return f"{indent}{sign} {line(row.name, _LONGEST_NAME - len(indent), self.signs.more)}"

    def _line(self, name: str, row: Row, bar: int, note: int) -> str:
        start = f"+{span(row.started - self._begin)}" if row.started else ""
        length = self._length(row)
        took = "" if length is None else span(length)
        numbers = f"{start:>9}  {took:>9}  {'' if row.tries is None else row.tries:>5}"
        drawn = coloured(self.style, row.status, self._bar(row, bar))
        said = line(row.note, note, self.signs.more)
        return f"{coloured(self.style, row.status, name)}  {numbers}  {drawn}  {said}".rstrip()

    def _length(self, row: Row) -> timedelta | None:
        """Return how long it ran or has run; None while it waits, be it for its next try."""
        waits = row.status in ("pending", "retrying") and row.ended is None
        if row.started is None or waits:
            return None
        return (row.ended or self.now) - row.started

    def _bar(self, row: Row, room: int) -> str:
        length = self._length(row)
        if row.started is None or length is None:
            return " " * room
        scale = room / ((self._end - self._begin).total_seconds() or 1.0)
        first = (row.started - self._begin).total_seconds() * scale
        last = first + length.total_seconds() * scale
        left = min(max(math.floor(first), 0), room - 1)
        right = min(max(math.ceil(last), left + 1), room)
        sign = self.signs.tried if row.is_try else self.signs.bar
        return (" " * left + sign * (right - left)).ljust(room)

    @property
    def _begin(self) -> datetime:
        return self.run.started or self.run.created

    @property
    def _end(self) -> datetime:
        ends = [row.ended for row in self.rows if row.ended]
        return max([self.run.ended or self.now, *ends])
