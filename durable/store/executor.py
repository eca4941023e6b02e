"""Saying a statement again when the database, not the statement, was the trouble."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from django.db import InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE = 60.0  # seconds in which a database may come back
_PAUSES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


class HasAlias(Protocol):
    """An object whose statements run on one database."""

    alias: str


S = TypeVar("S", bound=HasAlias)


def retried(verb: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], T]:
    """Repeat a verb of the store that can safely be said twice, on a fresh connection if need be.

    The outcome of a statement that failed is unknown: it may have been committed. So each verb names
    the claim it acts under and finds its own work done when it is repeated. What it is given must bear
    to be read again, so it takes no iterators. Inside a transaction of
    somebody else nothing is repeated: that transaction is theirs to repeat.
    """

    def say(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return repeat(self.alias, lambda: verb(self, *args, **kwargs))

    functools.update_wrapper(say, verb)
    return say


def repeat(alias: str, say: Callable[[], T], patience: float = PATIENCE) -> T:
    """Say something again while the database is the trouble, unless a transaction is open.

    For `patience` seconds: who is waited for by somebody else's client has less.
    """
    connection = connections[alias]
    return say() if connection.in_atomic_block else _repeat(connection, say, patience)


def _repeat(connection: BaseDatabaseWrapper, say: Callable[[], T], patience: float) -> T:
    deadline = time.monotonic() + patience
    tries = 0
    while True:
        try:
            return say()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            if not connection.in_atomic_block:
                _close_if_broken(connection)
            pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads the herd, no secret
            tries += 1


def _close_if_broken(connection: BaseDatabaseWrapper) -> None:
    try:
        usable = connection.connection is not None and connection.is_usable()
    except Exception:  # noqa: BLE001 - whatever it was, the connection is of no use
        usable = False
    if not usable:
        connection.close()
