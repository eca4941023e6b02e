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
    """PostgreSQL or MariaDB.

    Args:
        folder: of its data.
        command: that starts it.
        user: who runs it.
        group: of whom.
        pid: of its first process.
    """

    folder: Path
    command: list[str]
    user: int
    group: int
    pid: int

    @classmethod
    def found(cls) -> Server:
        """Return the one that this process is connected to."""
        is_postgres = connection.vendor == "postgresql"
        with connection.cursor() as cursor:
            cursor.execute("SHOW data_directory" if is_postgres else "SELECT @@datadir, @@pid_file")
            folder, *pid_file = map(Path, cursor.fetchone())
        file = folder / (pid_file[0] if pid_file else "postmaster.pid")
        process = psutil.Process(int(file.read_text().split()[0]))
        ids = process.uids().real, process.gids().real
        return cls(folder, process.cmdline(), *ids, process.pid)

    def crash(self) -> float:
        """Have it fall, and start anew from its log; return the seconds until it answered again.

        PostgreSQL does both by itself, when one of its own processes is killed.
        """
        if connection.vendor != "postgresql":
            self._end(signal.SIGKILL)
            self._start()
            return _away_for(_answers)
        before = _checkpointer()
        os.kill(before, signal.SIGKILL)
        connection.close()
        return _away_for(lambda: _checkpointer() not in (0, before))

    def be_away(self, seconds: float) -> float:
        """Have it fall, and start it after so many seconds; return how long nobody could ask it."""
        self._end(signal.SIGQUIT if connection.vendor == "postgresql" else signal.SIGKILL)
        time.sleep(seconds)
        self._start()
        return seconds + _away_for(_answers)

    def _end(self, number: int) -> None:
        process = psutil.Process(self.pid)
        process.send_signal(number)
        connection.close()
        psutil.wait_procs([process], timeout=_LONGEST)

    def _start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                self.command,
                stdout=log,
                stderr=log,
                user=self.user,
                group=self.group,
                start_new_session=True,
            )
        self.pid = process.pid


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


def _answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _checkpointer() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        row = cursor.fetchone()
    return int(row[0]) if row else 0
