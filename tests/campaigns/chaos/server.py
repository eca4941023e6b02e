"""A database server that is the campaign's own, and may be struck."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db import InterfaceError, OperationalError, connection

_LONGEST = 60.0  # seconds in which it has to come back


@dataclass(slots=True)
class Server:
    """PostgreSQL.

    Args:
        folder: of its data.
        command: that starts it.
        user: who runs it.
    """

    folder: Path
    command: list[str]
    user: int

    @classmethod
    def found(cls) -> Server:
        """Return the one that this process is connected to."""
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            folder = Path(cursor.fetchone()[0])
        process = psutil.Process(_postmaster(folder))
        return cls(folder, process.cmdline(), process.uids().real)

    def crash(self) -> float:
        """Kill one of the server's own processes: it ends all the others, and starts anew from its log.

        Returns:
            The seconds until it answered again.
        """
        before = _checkpointer()
        os.kill(before, signal.SIGKILL)
        connection.close()
        return _away_for(lambda: _checkpointer() not in (0, before))

    def be_away(self, seconds: float) -> float:
        """Shut it down at once, and start it after so many seconds; return how long nobody could ask it."""
        process = psutil.Process(_postmaster(self.folder))
        process.send_signal(signal.SIGQUIT)
        connection.close()
        psutil.wait_procs([process], timeout=_LONGEST)
        time.sleep(seconds)
        with (self.folder / "log").open("ab") as log:
            subprocess.Popen(
                self.command, stdout=log, stderr=log, user=self.user, start_new_session=True
            )
        return seconds + _away_for(lambda: _checkpointer() > 0)


def _away_for(is_back: Callable[[], bool]) -> float:
    begun = time.monotonic()
    while True:
        try:
            if is_back():
                return time.monotonic() - begun
        except (OperationalError, InterfaceError):
            pass
        connection.close()
        assert time.monotonic() - begun < _LONGEST, "the server did not come back"
        time.sleep(0.02)


def _postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def _checkpointer() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        row = cursor.fetchone()
    return int(row[0]) if row else 0
