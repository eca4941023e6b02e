"""The thread that counts runs which have ended, for charts.

Every worker has one; who comes first counts, for all of them. It is no thread of the lease's: after a
pause there may be much to count.
"""

from __future__ import annotations

import logging
import os
import random
import threading

from durable.operations.rollup import REST, advance
from durable.store import get_store

logger = logging.getLogger("durable.worker")

_started_in: int | None = None


def start() -> None:
    """Start the thread, once in each process."""
    global _started_in
    if _started_in == os.getpid():
        return
    _started_in = os.getpid()
    threading.Thread(target=_count, name="durable-counting", daemon=True).start()


def _count() -> None:
    pause = threading.Event().wait
    while True:
        pause(REST * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the herd, no secret
        try:
            advance(get_store())
        except Exception:
            logger.exception("ended runs could not be counted; the next look tries again")
        get_store().connection.close()
