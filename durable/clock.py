"""The two clocks: the database's, which decides, and this process's, which only displays.

Every comparison of times happens in the database, through `DatabaseNow` or the store's own spelling
of it. Tests move both clocks together with `travel`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_skew = timedelta()


def now() -> datetime:
    """Return the current time of this process, aware and in UTC."""
    return datetime.now(UTC) + _skew


def skew() -> timedelta:
    """Return how far tests have moved the clocks; nothing in production."""
    return _skew


def travel(step: timedelta) -> None:
    """Move both clocks by `step`. For tests."""
    global _skew
    _skew += step


def reset() -> None:
    """Put both clocks back. For tests."""
    global _skew
    _skew = timedelta()
