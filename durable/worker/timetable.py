"""When a worker looks at the schedules: first of all, and then when the next of them comes due."""

from __future__ import annotations

import logging
import time

from durable.authoring.registry import registry
from durable.engine import cron
from durable.store import Store, get_store

logger = logging.getLogger("durable.worker")

_LOOK = 0.5  # seconds between two looks at most: others may have moved what was seen


class Timetable:
    """The schedules as one worker sees them, without a question to the database at each turn."""

    def __init__(self) -> None:
        self._next = float("-inf")

    def fire(self, store: Store) -> int:
        """Start what is due by schedule; return how many runs that was.

        Never raises: a line that goes wrong does not keep other work from being done.
        """
        if not registry.crons or time.monotonic() < self._next:
            return 0
        begun = time.monotonic()
        self._next = begun + _LOOK
        try:
            rows = cron.sync(store)
            coming = [row.wait.total_seconds() for row in rows if not row.is_due]
            self._next = begun + min([_LOOK, *coming])
            return cron.fire(store, rows)
        except Exception:
            logger.exception("the schedules could not be looked at")
            return 0


def start() -> None:
    """Write down the lines of the functions here, in each new process."""
    cron.sync(get_store())
