"""Transactions that user code began and left open: the engine must not go on in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import TransactionManagementError

_IN_TRANSACTION = (2, 3)  # psycopg's INTRANS and INERROR
_SERVER_STATUS_IN_TRANS = 1

# What the drivers know of a transaction that was begun behind Django's back; no statement is needed.
# mysqlclient does not tell.
_IS_BEGUN: dict[str, Callable[[Any], bool]] = {
    "postgresql": lambda driver: driver.info.transaction_status in _IN_TRANSACTION,
    "sqlite": lambda driver: bool(driver.in_transaction),
    "mysql": lambda driver: bool(
        (getattr(driver, "server_status", None) or 0) & _SERVER_STATUS_IN_TRANS
    ),
}


def depth(connection: BaseDatabaseWrapper) -> int:
    """Return how many blocks of `atomic()` are open; a transaction begun without one counts as one."""
    blocks = len(connection.savepoint_ids) + connection.in_atomic_block
    return blocks or int(_is_begun(connection))


@contextmanager
def rolled_back() -> Iterator[list[str]]:
    """Roll back what the block leaves open on this thread; list the databases where it did so."""
    before = {connection.alias: depth(connection) for connection in _used()}
    left: list[str] = []
    try:
        yield left
    finally:
        left += roll_back(before)


def roll_back(before: Mapping[str, int]) -> list[str]:
    """Put this thread's connections back to the depths they had; return those that were deeper."""
    left = [one for one in _used() if depth(one) > before.get(one.alias, 0)]
    for connection in left:
        _leave(connection, before.get(connection.alias, 0))
    return [connection.alias for connection in left]


def lent() -> Mapping[str, int]:
    """Return the depths of this thread's connections that belong to other threads too."""
    return {one.alias: depth(one) for one in _used() if one.allow_thread_sharing}


def _used() -> Sequence[BaseDatabaseWrapper]:
    return connections.all(initialized_only=True)


def _is_begun(connection: BaseDatabaseWrapper) -> bool:
    driver = connection.connection
    if driver is None or not connection.settings_dict["AUTOCOMMIT"]:
        return False
    if not connection.autocommit:
        return True
    try:
        return _IS_BEGUN[connection.vendor](driver)
    except (KeyError, Error):  # another database, or a driver's connection that is closed
        return False


def _leave(connection: BaseDatabaseWrapper, before: int) -> None:
    """Leave each block as an error leaves it: what is outside of them stays as it was."""
    error = TransactionManagementError("a transaction was left open")
    while connection.atomic_blocks and depth(connection) > before:
        connection.atomic_blocks[-1].__exit__(type(error), error, None)
    if depth(connection) > before:
        _roll_back_begun(connection)


def _roll_back_begun(connection: BaseDatabaseWrapper) -> None:
    try:
        connection.rollback()
        connection.set_autocommit(True)
    except Error:
        connection.close()
