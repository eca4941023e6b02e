"""Ends a session from another thread than the one that uses it, without a word to the server."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


def cut(connection: BaseDatabaseWrapper) -> None:
    """Have whoever waits for the server's answer be told that the connection is lost."""
    session: Any = connection.connection
    fileno = _fileno(session)
    if fileno is not None:
        with suppress(OSError), socket.socket(fileno=os.dup(fileno)) as line:
            line.shutdown(socket.SHUT_RDWR)


def _fileno(session: Any) -> int | None:
    """Return the socket of a session, if its driver tells."""
    if hasattr(session, "pgconn"):  # psycopg
        try:
            return int(session.pgconn.socket)
        except Exception:  # noqa: BLE001 - it has been closed meanwhile
            return None
    line = getattr(session, "_sock", session)  # PyMySQL; mysqlclient tells by itself
    try:
        fileno = int(line.fileno())
    except Exception:  # noqa: BLE001 - it does not, or has been closed meanwhile
        return None
    return fileno if fileno >= 0 else None
