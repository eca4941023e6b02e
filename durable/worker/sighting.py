"""What this process says of itself, for those who look after the site: a row, as its heart beats."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import parent_process, util

from django.db import DatabaseError, InterfaceError

from durable.authoring.registry import registry
from durable.q2 import options, pulse
from durable.store import get_store
from durable.store.workers import Sighting
from durable.worker import identity

_MINUTE = 60.0
_FORGOTTEN = 900.0  # seconds of silence after which a row is removed

_telling = threading.Lock()  # the heart beats in a thread, and must not bring back who has left


@dataclass(slots=True)
class Tally:
    """What one process has done in its life."""

    pid: int = field(default_factory=os.getpid)
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    hints: int = 0  # messages taken
    claims: int = 0  # pieces of work taken
    has_left: bool = False
    _seen: deque[tuple[float, int]] = field(default_factory=lambda: deque([(time.monotonic(), 0)]))

    def rate(self, now: float) -> float:
        """Note how many claims there are; return those of the last minute, or what a minute would have.

        Args:
            now: monotonic seconds.
        """
        while len(self._seen) > 1 and now - self._seen[1][0] >= _MINUTE:
            self._seen.popleft()
        begun, before = self._seen[0]
        self._seen.append((now, self.claims))
        return (self.claims - before) * _MINUTE / max(now - begun, 1.0)


_tally = Tally()


def tally() -> Tally:
    """Return the counters of this very process: one that was forked begins anew."""
    global _tally
    if _tally.pid != os.getpid():
        _tally = Tally()
    return _tally


def start() -> None:
    """Appear, in each new worker, until it is stopped; and remove those who have long been gone."""
    store = get_store()
    store.workers.forget(_FORGOTTEN)
    tell()
    if parent_process() is not None:
        util.Finalize(None, leave, exitpriority=1)  # `atexit` is for processes that were not forked


def leave() -> None:
    """Disappear, at a clean stop: nobody is to look for a process that was told to go."""
    with _telling, suppress(DatabaseError, InterfaceError):
        tally().has_left = True
        get_store().workers.remove(tally().id)


def tell() -> None:
    """Write down that this process is there, and what it has done."""
    with _telling:
        if not tally().has_left:
            _tell(tally())


def _tell(mine: Tally) -> None:
    get_store().workers.tell(
        Sighting(
            id=mine.id,
            owner=identity.owner(),
            host=identity.host(),
            pid=mine.pid,
            parent=os.getppid(),
            cluster=options.cluster_name(),
            is_supervised=pulse.is_watched(),
            version=_version(),
            functions={one.id: one.version for one in registry.of_site},
            hints=mine.hints,
            claims=mine.claims,
            rate=round(mine.rate(time.monotonic()), 1),
        )
    )


def _version() -> str:
    try:
        return version("django-durable-workflows")
    except PackageNotFoundError:
        return ""
