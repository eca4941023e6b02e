"""A database server that is the campaign's own, and may be struck."""

from __future__ import annotations

import os
import signal
import time

from django.db import OperationalError, connection

_LONGEST = 30.0  # seconds in which it has to come back


def crash_server() -> float:
    """Kill one of the server's own processes: it ends all the others, and starts anew from its log.

    Returns:
        The seconds until it answered again.
    """
    before = _checkpointer()
    os.kill(before, signal.SIGKILL)
    connection.close()
    begun = time.monotonic()
    while _is_away(before):
        connection.close()
        assert time.monotonic() - begun < _LONGEST, "the server did not come back"
        time.sleep(0.02)
    return time.monotonic() - begun


def _is_away(before: int) -> bool:
    try:
        return _checkpointer() == before
    except OperationalError:
        return True


def _checkpointer() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        row = cursor.fetchone()
    return int(row[0]) if row else 0
