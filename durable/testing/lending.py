"""The test's connection, lent to the thread in which async code uses the ORM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from asgiref.sync import SyncToAsync
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def lent(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Have async code see what the test has not committed, if it is in a transaction."""
    if not connection.in_atomic_block:
        yield
        return
    lock = RLock()

    def one_by_one(execute: Callable[..., Any], *statement: Any) -> Any:
        with lock:
            return execute(*statement)

    connection.inc_thread_sharing()
    own = _exchange(connection.alias, connection)
    try:
        with connection.execute_wrapper(one_by_one):
            yield
    finally:
        _exchange(connection.alias, own)
        connection.dec_thread_sharing()


def _exchange(alias: str, connection: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
    """Give the thread another connection; return the one it had."""

    def exchange() -> BaseDatabaseWrapper:
        before = connections[alias]
        connections[alias] = connection
        return before

    return SyncToAsync.single_thread_executor.submit(exchange).result()
