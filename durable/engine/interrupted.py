"""The database connections of a body that was interrupted: nobody knows what they were at."""

from __future__ import annotations

from contextlib import suppress

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from durable.engine import abandoned


class Connections:
    """Those of this thread, as they are before the body.

    Args:
        depth: of the transactions that were open around the worker.
        is_atomic: whether a transaction of the engine is open around the body.
    """

    def __init__(self, depth: int, *, is_atomic: bool) -> None:
        self._depths = {
            connection.alias: abandoned.depth(connection)
            for connection in connections.all(initialized_only=True)
        }
        self._own = 1 if is_atomic and not depth else 0

    def put_back(self) -> None:
        """Close them, so that what comes next gets new ones; roll back what is in somebody's transaction."""
        for connection in connections.all(initialized_only=True):
            before = self._depths.get(connection.alias, 0)
            if before == self._own or not before:
                _close(connection, before)
        abandoned.roll_back(self._depths)


def _close(connection: BaseDatabaseWrapper, blocks: int) -> None:
    """Close a connection; the engine's block, if there is one, is left to see that it failed."""
    del connection.atomic_blocks[blocks:]
    connection.savepoint_ids.clear()
    connection.in_atomic_block = bool(blocks)
    connection.closed_in_transaction = False
    with suppress(Exception):
        connection.close()
