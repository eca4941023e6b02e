"""The thread that removes what has been kept for long enough, where the site says how long that is.

Every worker has one, and only the eldest of all workers does it: a little at a time, with rests in
between that are as long as the work. It is no thread of the lease's, which may not wait for locks.
"""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from durable.conf import conf
from durable.engine.overrides import kept
from durable.models import Worker
from durable.operations.prune import prune
from durable.operations.retention import retention
from durable.q2 import pulse
from durable.store import Store, get_store
from durable.store.clock import database_in
from durable.worker import sighting

logger = logging.getLogger("durable.worker")

_EVERY = 300.0  # seconds between two rounds
_ROUND = 60.0  # seconds of one
_BEATS = 3  # that a worker may miss before another is the eldest

_started_in: int | None = None


def start() -> None:
    """Start the thread, once in each process."""
    global _started_in
    if _started_in == os.getpid():
        return
    _started_in = os.getpid()
    threading.Thread(target=_keep_house, name="durable-housekeeping", daemon=True).start()


def tidy(store: Store, rest: Callable[[float], object], seconds: float = _ROUND) -> int:
    """Remove what is old, for so many seconds at most; return how many runs and lines of the audit log.

    Args:
        store: where it is.
        rest: is given the seconds to leave the database to others.
        seconds: of work and rest together, by and large.
    """
    ages, removed = retention(kept(store)), 0
    if not (ages.is_set or ages.audit) or not is_eldest(store):
        return 0
    begun = last = time.monotonic()
    for batch in prune(store, ages):
        removed += batch.removed.runs + batch.removed.operations
        now = time.monotonic()
        if now - begun > seconds or pulse.is_stopping():
            break
        rest(now - last)
        last = time.monotonic()
    if removed:
        logger.info("removed %s runs and lines of the audit log that were old enough", removed)
    return removed


def is_eldest(store: Store) -> bool:
    """Whether no other worker that was seen lately is older than this process."""
    lately = timedelta(seconds=_BEATS * conf.HEARTBEAT)
    rows = Worker.objects.using(store.alias)
    seen = rows.filter(seen__gte=database_in(-lately.total_seconds())).order_by("started", "pk")
    return seen.values_list("pk", flat=True).first() == sighting.tally().id


def _keep_house() -> None:
    pause = threading.Event().wait
    while True:
        pause(_EVERY * random.uniform(0.5, 1.0))  # noqa: S311 - spreads the herd, no secret
        try:
            tidy(get_store(), pause)
        except Exception:
            logger.exception("old runs could not be removed; the next round tries again")
        get_store().connection.close()
