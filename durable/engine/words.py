"""Spans of time as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def span(length: timedelta | float, *, units: int = 2) -> str:
    """Return a length in its largest units: "120 ms", "3.2 s", "4 min 5 s", "2 h"."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    seconds = max(seconds, 0.0)
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    size, unit = next(one for one in _UNITS if whole >= one[0])
    smaller = next((one for one in _UNITS if one[0] < size), (1, ""))
    count, rest = divmod(whole, size)
    words = f"{count} {unit}"
    if units == 1 or rest < smaller[0] or not smaller[1]:
        return words
    return f"{words} {rest // smaller[0]} {smaller[1]}"


def took(started: datetime | None, ended: datetime | None, now: datetime) -> str:
    """Return how long something took, or has taken so far; nothing if it has not begun."""
    if started is None:
        return ""
    return span((ended or now) - started) + ("" if ended else " …")
