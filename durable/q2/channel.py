"""The Postgres channel on which "somebody, now" travels: both of its ends."""

from __future__ import annotations

import time

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL = "durable"
_STALE = 60.0  # seconds after which a silent session is asked whether it is still there


def can_notify(connection: BaseDatabaseWrapper) -> bool:
    """Whether this database can wake listeners: Postgres, through psycopg 3."""
    if connection.vendor != "postgresql":
        return False
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)


def notify(alias: str) -> None:
    """Wake every listener on this database, unless a transaction is open.

    Inside one, NOTIFY would take a lock on the whole database at commit; listeners look twice a
    second anyway.
    """
    connection = connections[alias]
    if connection.in_atomic_block or not connection.get_autocommit():
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


class Listener:
    """A session of its own that waits for notifications.

    Args:
        alias: the database to listen to.
    """

    def __init__(self, alias: str) -> None:
        self._session = connections[alias].copy()
        self._checked = 0.0

    def wait(self, seconds: float) -> bool:
        """Return whether a notification came within `seconds`."""
        if self._session.connection is None:
            self._listen()
            return True  # what came before this session listened is to be looked for
        if time.monotonic() - self._checked > _STALE:
            self._check()
        received = self._session.connection.notifies(timeout=seconds, stop_after=1)
        return len(list(received)) > 0

    def close(self) -> None:
        """End the session; the next wait opens another."""
        self._session.close()

    def _listen(self) -> None:
        with self._session.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._checked = time.monotonic()

    def _check(self) -> None:
        with self._session.cursor() as cursor:
            cursor.execute("SELECT 1")
        self._checked = time.monotonic()
