"""`wake` and the ways behind it; the one in use is chosen once in each process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Protocol

from durable.q2 import options
from durable.q2.channel import can_notify
from durable.store import get_store
from durable.wake.hint import Hint
from durable.wake.notify import Notify

logger = logging.getLogger("durable.wake")


class Way(Protocol):
    """How others learn that something is due."""

    def now(self, count: int) -> None:
        """Say that `count` pieces of work are due."""

    def later(self, seconds: float) -> None:
        """Say that something comes due in `seconds`."""


class Silence:
    """For clusters that look by themselves, and for none."""

    def now(self, count: int) -> None:
        """Do nothing."""

    def later(self, seconds: float) -> None:
        """Do nothing."""


def wake(count: int = 1) -> None:
    """Ask workers to look for `count` pieces of work. Call it after the commit. Never raises."""
    try:
        _way().now(count)
    except Exception as error:  # noqa: BLE001 - a wake is never worth an error
        _complain(error)


def wake_in(seconds: float) -> None:
    """Say that something comes due in `seconds`. Call it after the commit. Never raises."""
    try:
        _way().later(seconds)
    except Exception as error:  # noqa: BLE001 - a wake is never worth an error
        _complain(error)


@contextmanager
def use(way: Way) -> Iterator[None]:
    """Wake in this way for a while. For tests."""
    global _given
    before, _given = _given, way
    try:
        yield
    finally:
        _given = before


_given: Way | None = None


def _way() -> Way:
    return _given or chosen()


@cache
def chosen() -> Way:
    """Return the way that suits the site's broker and database."""
    if options.is_sync():
        return Silence()
    if not options.has_own_broker():
        return Hint(options.workers())
    store = get_store()
    return Notify(store.alias) if can_notify(store.connection) else Silence()


def _complain(error: Exception) -> None:
    """Log once for each kind of error: workers find the work anyway, only later."""
    if type(error) not in _complained:
        _complained.add(type(error))
        logger.warning("workers could not be woken: %r", error)


_complained: set[type[Exception]] = set()
