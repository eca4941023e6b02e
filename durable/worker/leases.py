"""The heartbeat: renews the leases of what this process is driving, and of nothing else."""

from __future__ import annotations

import logging
import os
import threading

from durable.conf import conf
from durable.engine.held import held
from durable.store import get_store

logger = logging.getLogger("durable.worker")

_started_in: int | None = None


def start() -> None:
    """Start the thread, once in each process."""
    global _started_in
    if _started_in == os.getpid():
        return
    _started_in = os.getpid()
    threading.Thread(target=_beat_for_ever, name="durable-leases", daemon=True).start()


def _beat_for_ever() -> None:
    rest = threading.Event()
    while not rest.wait(conf.HEARTBEAT):
        try:
            beat()
        except Exception:
            logger.exception("leases could not be renewed; the next beat tries again")


def beat() -> None:
    """Renew once."""
    runs, steps = held.snapshot()
    if not runs and not steps:
        return
    store = get_store()
    try:
        store.leases.renew(runs, steps)
    finally:
        store.connection.close()
