"""Waiting for work on databases that cannot call."""

from __future__ import annotations

import time

from django.db import connections

_QUICK = 0.01  # seconds between two looks, shortly after work
_SLOW = 0.05  # and when there has been none for a while
_STEP = 1.1


class Polling:
    """Short sleeps that grow while nothing happens."""

    def __init__(self) -> None:
        self._pause = _QUICK

    def wait(self, seconds: float) -> bool:
        """Sleep a little, `seconds` at most; nobody can say that something came."""
        time.sleep(min(seconds, self._pause))
        self._pause = min(_SLOW, self._pause * _STEP)
        return False

    def note_work(self) -> None:
        """Be quick again."""
        self._pause = _QUICK

    def close(self) -> None:
        """Nothing to close."""


class FileWatching(Polling):
    """For SQLite, which tells for next to nothing whether another process has committed."""

    def __init__(self, alias: str) -> None:
        super().__init__()
        self._alias = alias
        self._version: object = None

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody committed, or `seconds` have passed."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _QUICK))
            if self._is_changed():
                return True
        return False

    def close(self) -> None:
        """Forget the version: another session counts on its own."""
        self._version = None

    def _is_changed(self) -> bool:
        with connections[self._alias].cursor() as cursor:
            cursor.execute("PRAGMA data_version")
            version = cursor.fetchone()
        known, self._version = self._version, version
        return bool(known != version)
