"""The two clocks: the database's, which decides, and this process's, which only displays.

Every comparison of times happens in the database, through `DatabaseNow` or the store's own spelling
of it. Tests move both clocks together with `travel`, or have the process's rule with `ruled`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_UNIT = timedelta(milliseconds=1)  # SQLite's clock has no finer one, and would round differently
_skew = timedelta()
_is_ruling: Callable[[], bool] | None = None


def now() -> datetime:
    """Return the current time of this process, aware and in UTC."""
    return datetime.now(UTC) + _skew


def reference() -> timedelta | datetime:
    """Return how far tests have moved the database's clock, or the moment it is to take for now.

    In production it is not moved.
    """
    if _is_ruling is None or not (_skew or _is_ruling()):
        return _skew
    moment = now()
    # SQLite compares text, and Django leaves out the fraction of a whole second.
    return moment.replace(microsecond=max(moment.microsecond // 1000 * 1000, 1000))


def travel(step: timedelta) -> None:
    """Move both clocks by `step`. For tests."""
    global _skew
    _skew += -(-step // _UNIT) * _UNIT


def reset() -> None:
    """Put both clocks back. For tests."""
    global _skew
    _skew = timedelta()


@contextmanager
def ruled(is_ruling: Callable[[], bool]) -> Iterator[None]:
    """Put the clocks back after the block. For tests.

    Args:
        is_ruling: whether the database has to take this process's time, because something else has
            moved or stopped that. It takes it too once the clocks were moved here: then all statements
            name the same moments, however they are written and rounded.
    """
    global _skew, _is_ruling
    before = _skew, _is_ruling
    _is_ruling = is_ruling
    try:
        yield
    finally:
        _skew, _is_ruling = before
