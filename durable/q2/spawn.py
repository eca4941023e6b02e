"""What each worker process does before it takes its first message."""

from __future__ import annotations

import logging
import multiprocessing
import os
from collections.abc import Callable

from django_q.signals import post_spawn

logger = logging.getLogger("durable.worker")

_worker: int | None = None


def at_spawn(start: Callable[[], object]) -> None:
    """Call `start` in each new worker process; what it raises is logged, for it would kill the worker."""

    def receive(**kwargs: object) -> None:
        global _worker
        _worker = os.getpid()
        try:
            start()
        except Exception:
            logger.exception("%s failed in a new worker", start.__module__)

    post_spawn.connect(receive, weak=False, dispatch_uid=f"{start.__module__}.{start.__qualname__}")


def is_worker() -> bool:
    """Whether this process is a worker of a cluster, which is replaced when it ends."""
    return _worker == os.getpid() and multiprocessing.parent_process() is not None
