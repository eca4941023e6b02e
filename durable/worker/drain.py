"""The loop of a worker: claim something due, do it, look again; then linger, then give the process back."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from django.db import connections

from durable.conf import conf
from durable.engine.abandoned import rolled_back
from durable.engine.assist import assist
from durable.engine.cancel import sweep
from durable.engine.deliver import deliver
from durable.engine.drive import drive
from durable.engine.pace import LARGEST, Pace, first_share
from durable.q2 import pulse
from durable.store import Store, get_store
from durable.store.rows import Backlog, StepClaim
from durable.worker import sighting
from durable.worker.timetable import Timetable
from durable.worker.turns import Turns

logger = logging.getLogger("durable.worker")

# A budget, so that the cluster can recycle, stop, and run its other tasks.
SECONDS, ITEMS = 2.0, 500
_ATTEND = 0.05  # seconds between two looks for events while there is other work
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
    timetable: Timetable = field(default_factory=Timetable)
    turns: Turns = field(default_factory=Turns)

    def take_one(self) -> int:
        """Claim and do one piece of work; return how many rows that was, 0 when nothing is due.

        What is due by schedule is only started. Runs go next: what they discover is older work than
        any new run.
        """
        if started := self.timetable.fire(self.store):
            return started
        for run in self.turns.claim(self.store, self.owner):
            with rolled_back():
                drive(self.store, run, owner=self.owner, workers=self.workers)
            return 1
        backlog = self.store.steps.look(4 * self.workers * LARGEST)
        claims = self._claim_steps(backlog)
        if claims:
            begun, self.pace.size = time.monotonic(), len(claims)
            with rolled_back():
                assist(self.store, claims, owner=self.owner)
            self.pace.adapt(time.monotonic() - begun)
            return len(claims)
        self.pace.size = 1
        return self._attend(backlog)

    def _attend(self, backlog: Backlog) -> int:
        """Hand out events that came in, and cancel runs that are out of time; return how many."""
        delivered = deliver(self.store) if backlog.has_events else 0
        return delivered + (sweep(self.store) if backlog.has_overdue else 0)

    def _claim_steps(self, backlog: Backlog) -> list[StepClaim]:
        """Claim more than a balanced share only while steps are quick; one that was lost, alone."""
        lost = self.store.steps.claim_lost(self.owner) if backlog.is_oldest_lost else []
        if lost or not backlog.count:
            return lost
        balanced = first_share(backlog.count, self.workers)
        share = max(balanced, min(self.pace.size, backlog.count // 2))
        return self.store.steps.claim(self.owner, share)

    def drain(self, seconds: float = SECONDS, items: int = ITEMS) -> int:
        """Work until nothing is due for a while, or the budget ends; return how many rows were done."""
        begun = last = attended = time.monotonic()
        done = 0
        while done < items and time.monotonic() - begun < seconds and not pulse.is_stopping():
            pulse.beat()
            if time.monotonic() - attended >= _ATTEND:
                attended = time.monotonic()
                self._attend(self.store.steps.look(1))  # whatever else is to be done
            if count := self.take_one():
                done += count
                sighting.tally().claims += count
                last = time.monotonic()
            elif time.monotonic() - last >= conf.LINGER:
                break
            else:
                time.sleep(_LOOK)
        return done


_turns = Turns()  # of this process


def drain_safely(owner: str, workers: int) -> None:
    """Drain the configured store, on fresh connections; log what goes wrong instead of raising it."""
    _close_stale()
    try:
        Worker(store=get_store(), owner=owner, workers=workers, turns=_turns).drain()
    except Exception:
        logger.exception("the worker could not look for work")
    finally:
        _close_stale()


def _close_stale() -> None:
    """Close connections that erred or are old, but never one in the middle of a test's transaction."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
