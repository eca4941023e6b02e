"""The thread that sends a hint when a row comes due, on brokers that cannot see our tables.

Every worker has one, but only one on each host looks at the tables; the others ring the short alarms
their own process sets.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
import os
import tempfile
import threading
import time
from pathlib import Path

from durable.q2 import options
from durable.q2.hints import Throttle, untaken
from durable.store import get_store
from durable.wake import hint, wake

logger = logging.getLogger("durable.worker")

AHEAD = 2.5  # seconds; what comes due later is seen in time by the one that looks
_REST = 1.0  # seconds between two tries to become the one that looks
_TROUBLE = 2.0  # seconds to wait when the database does not answer

_started_in: int | None = None


def start() -> None:
    """Start the thread, once in each process, if the site's broker needs it."""
    global _started_in
    if options.has_own_broker() or options.is_sync() or _started_in == os.getpid():
        return
    _started_in = os.getpid()
    ticker = Ticker()
    hint.alarm = ticker.arm
    threading.Thread(target=ticker.run, name="durable-ticker", daemon=True).start()


class Ticker:
    """Looks, or tries to become the one that looks; and rings alarms."""

    def __init__(self) -> None:
        self._alarms: list[float] = []
        self._changed = threading.Condition()
        self._throttle = Throttle(options.workers())
        self._lock_file: int | None = None

    def arm(self, seconds: float) -> None:
        """Send a hint in `seconds`, unless that is so late that the one that looks will see it."""
        if seconds > AHEAD:
            return
        with self._changed:
            heapq.heappush(self._alarms, time.monotonic() + max(0.0, seconds))
            self._changed.notify()

    def run(self) -> None:
        """Tick until the process ends."""
        while True:
            try:
                self._sleep(self._look() if self._leads() else _REST)
            except Exception:
                logger.exception("the ticker could not look; it tries again")
                get_store().connection.close()
                time.sleep(_TROUBLE)

    def _look(self) -> float:
        """Send hints for what is due; return the seconds until the next look."""
        due = get_store().due(options.workers())
        for _ in range(self._throttle.allow(due.count, untaken() if due.count else 0)):
            wake()
        return self._throttle.rest(due.next_in)

    def _sleep(self, seconds: float) -> None:
        with self._changed:
            until = time.monotonic() + seconds
            while (left := min([until, *self._alarms[:1]]) - time.monotonic()) > 0:
                self._changed.wait(left)
            rung = False
            while self._alarms and self._alarms[0] <= time.monotonic():
                heapq.heappop(self._alarms)
                rung = True
        if rung:
            wake()

    def _leads(self) -> bool:
        """Whether this process is the one on this host that looks; for life, once it is."""
        if self._lock_file is not None:
            return True
        try:
            import fcntl

            file = os.open(_lock_path(), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except (ImportError, OSError):
            return True  # several may look, it only costs more
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._lock_file = file
        return True


def _lock_path() -> Path:
    database = get_store().connection.settings_dict
    parts = [str(database.get(key)) for key in ("ENGINE", "HOST", "PORT", "NAME")]
    mark = hashlib.sha256("|".join([*parts, str(os.getuid())]).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"durable-ticker-{mark}.lock"
