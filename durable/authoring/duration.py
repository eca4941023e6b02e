"""Spans of time and moments, as authors write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from durable import clock
from durable.errors import DurationInvalidError

LONGEST = timedelta(days=366)
_MILLISECONDS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_PART = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*(ms|[smhdw])\s*")
_ADVICE = 'Write milliseconds as an int, a timedelta, or text like "2h30m" with ms, s, m, h, d, w.'


def duration(value: int | timedelta | str, what: str) -> timedelta:
    """Return a span of time.

    Args:
        value: milliseconds, a timedelta, or text like "2h30m", "1d 2h", "500ms": each unit once at most.
        what: how an error should call it, "sleep 'a while'" for example.

    Raises:
        DurationInvalidError: it is none, negative, or longer than 366 days.
    """
    if isinstance(value, bool) or not isinstance(value, int | timedelta | str):
        raise _error(what, value, f"is no span of time. {_ADVICE}")
    if isinstance(value, timedelta):
        return _checked(value, what, value)
    milliseconds = _read(value, what) if isinstance(value, str) else value
    if milliseconds > LONGEST // timedelta(milliseconds=1):
        raise _error(what, value, "is longer than 366 days.")
    return _checked(max(milliseconds, -1), what, value)


def moment(value: datetime, what: str) -> datetime:
    """Return a moment in UTC.

    Args:
        value: a naive one is in this machine's local time, as `datetime.astimezone` reads it.
        what: how an error should call it.

    Raises:
        DurationInvalidError: it is none, or more than 366 days ahead.
    """
    if not isinstance(value, datetime):
        raise _error(what, value, "is no moment. Give a datetime.")
    try:
        found = value.astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        raise _error(what, value, "is beyond the years of the calendar.") from None
    if found - clock.now() > LONGEST:
        raise _error(what, value, "is more than 366 days ahead.")
    return found


def _read(text: str, what: str) -> float:
    units: dict[str, float] = {}
    for number, unit in _parts(text, what):
        if unit in units:
            raise _error(what, text, f"says {unit} twice.")
        units[unit] = number * _MILLISECONDS[unit]
    return sum(units.values())


def _parts(text: str, what: str) -> Iterator[tuple[float, str]]:
    place = 0
    while found := _PART.match(text, place):
        yield float(found[1]), found[2]
        place = found.end()
    if place == 0 or place < len(text):
        raise _error(what, text, f"is no span of time. {_ADVICE}")


def _checked(span: float | timedelta, what: str, value: object) -> timedelta:
    span = span if isinstance(span, timedelta) else timedelta(milliseconds=span)
    if span < timedelta():
        raise _error(what, value, "is negative.")
    if span > LONGEST:
        raise _error(what, value, "is longer than 366 days.")
    return span


def _error(what: str, value: object, problem: str) -> DurationInvalidError:
    is_huge = isinstance(value, int) and abs(value) > 10**80
    shown = "a number of more than 80 digits" if is_huge else repr(value)
    return DurationInvalidError(f"{what}: {shown[:80]} {problem}")
