"""The heartbeat of a worker: a thread that renews leases, puts right what others left behind, and
tells that the worker is there.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence

from durable.conf import conf
from durable.engine.held import held
from durable.store import get_store
from durable.wake import wake
from durable.worker import sighting
from durable.worker.reaper import reap

logger = logging.getLogger("durable.worker")

_started_in: int | None = None


def start() -> None:
    """Start the thread, once in each process."""
    global _started_in
    if _started_in == os.getpid():
        return
    _started_in = os.getpid()
    threading.Thread(target=_beat_for_ever, name="durable-heartbeat", daemon=True).start()


def beat(chores: Sequence[Callable[[], object]]) -> None:
    """Do each chore; one that fails is logged, and does not keep the others from being done."""
    for chore in chores:
        try:
            chore()
        except Exception:
            logger.exception("%s failed; the next beat tries again", chore.__name__)


def renew() -> None:
    """Renew the leases of what this process is driving, and of nothing else."""
    runs, steps = held.snapshot()
    if runs or steps:
        get_store().leases.renew(runs, steps)


def mend() -> None:
    """Wake runs that rest although all they waited for has ended."""
    if mended := get_store().leases.mend():
        logger.warning("%s parked runs had missed the end of their steps", mended)
        wake(mended)


def _beat_for_ever() -> None:
    rest = threading.Event()
    while not rest.wait(conf.HEARTBEAT):
        beat((renew, reap, mend, sighting.tell))
        get_store().connection.close()
