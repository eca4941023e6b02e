"""The loop of a worker: claim something due, do it, look again; then linger, then give the process back."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from django.db import connections

from durable.conf import conf
from durable.engine.assist import assist
from durable.engine.drive import drive
from durable.engine.pace import LARGEST, Pace, first_share
from durable.q2 import pulse
from durable.store import Store, get_store

logger = logging.getLogger("durable.worker")

SECONDS, ITEMS = (
    2.0,
    500,
)  # a budget, so that the cluster can recycle, stop, and run its other tasks
_LOOK = 0.01  # seconds between two looks while lingering


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """One process that claims work.

    Args:
        store: where the work is.
        owner: the name of this process on its leases.
        workers: how many processes may share a wave.
    """

    store: Store
    owner: str
    workers: int
    pace: Pace = field(default_factory=lambda: Pace(1))

    def take_one(self) -> int:
        """Claim and do one piece of work; return how many rows that was, 0 when nothing is due.

        Runs go first: what they discover is older work than any new run.
        """
        for run in self.store.runs.claim(self.owner, 1):
            drive(self.store, run, owner=self.owner, workers=self.workers)
            return 1
        claims = self.store.steps.claim(self.owner, self._share())
        if claims:
            begun, self.pace.size = time.monotonic(), len(claims)
            assist(self.store, claims, owner=self.owner)
            self.pace.adapt(time.monotonic() - begun)
        else:
            self.pace.size = 1
        return len(claims)

    def _share(self) -> int:
        """How many steps to claim: more than a balanced share only while they are quick."""
        due = self.store.steps.count_due(4 * self.workers * LARGEST)
        return max(first_share(due, self.workers), min(self.pace.size, due // 2))

    def drain(self, seconds: float = SECONDS, items: int = ITEMS) -> int:
        """Work until nothing is due for a while, or the budget ends; return how many rows were done."""
        begun = last = time.monotonic()
        done = 0
        while done < items and time.monotonic() - begun < seconds and not pulse.is_stopping():
            pulse.beat()
            if count := self.take_one():
                done += count
                last = time.monotonic()
            elif time.monotonic() - last >= conf.LINGER:
                break
            else:
                time.sleep(_LOOK)
        return done


def drain_safely(owner: str, workers: int) -> None:
    """Drain the configured store, on fresh connections; log what goes wrong instead of raising it."""
    _close_stale()
    try:
        Worker(store=get_store(), owner=owner, workers=workers).drain()
    except Exception:
        logger.exception("the worker could not look for work")
    finally:
        _close_stale()


def _close_stale() -> None:
    """Close connections that erred or are old, but never one in the middle of a test's transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
