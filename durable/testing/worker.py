"""Workers that a test has in its own process."""

from __future__ import annotations

import os
from itertools import count

from durable.store import Store, get_store
from durable.worker.drain import Worker
from durable.worker.timetable import Timetable

_numbers = count(1)


class _NoSchedules(Timetable):
    """What is due by schedule is not the test's."""

    def fire(self, store: Store) -> int:
        """Start nothing."""
        return 0


def new_worker(workers: int) -> Worker:
    """Return a worker under a name of its own.

    Args:
        workers: how many there are.
    """
    owner = f"test:{os.getpid()}:{next(_numbers)}"
    return Worker(store=get_store(), owner=owner, workers=workers, timetable=_NoSchedules())
