"""The thread that notices when an answer of the database was lost on its way.

A network may swallow packets and acknowledge them all the same. Then no time-out of either side ends the
wait for an answer, and the heartbeat keeps the lease of work that stands still. So the server is asked,
on another session, opened for it, what it knows of those that this process waits on. Where it rests,
and has done since the look before, there is nothing to wait for.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from durable.conf import conf
from durable.store import get_store
from durable.store.cut import cut
from durable.worker.awaited import Family, Resting, family_of
from durable.worker.informant import Informant

logger = logging.getLogger("durable.worker")

_PATIENCE = 10.0  # seconds that the server may take to say what it knows

_started_in: int | None = None


@dataclass(slots=True)
class Sessions:
    """Those of all threads of this process, as long as somebody has them."""

    family: Family
    _known: weakref.WeakSet[BaseDatabaseWrapper] = field(default_factory=weakref.WeakSet)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
        """Note one that has been opened."""
        if connection.vendor == get_store().connection.vendor:
            self.family.note(connection)
            with self._lock:
                self._known.add(connection)

    def waiting(self) -> dict[int, BaseDatabaseWrapper]:
        """Return those that wait for an answer, by their numbers on the server."""
        with self._lock:
            known = list(self._known)
        return {number: one for one in known if (number := self.family.awaited(one))}


@dataclass(slots=True)
class Lifeline:
    """Looks at sessions again and again.

    Args:
        sessions: of this process.
        informant: asks the server.
    """

    sessions: Sessions
    informant: Informant = field(default_factory=Informant)
    _waiting: Mapping[int, BaseDatabaseWrapper] = field(default_factory=dict)
    _resting: Resting = field(default_factory=dict)

    def watch(self) -> None:
        """Look until the process ends."""
        rest = threading.Event()
        while not rest.wait(conf.HEARTBEAT):
            try:
                self.look()
            except Exception:
                logger.exception("sessions could not be looked at; the next look tries again")

    def look(self) -> int:
        """Cut the sessions that wait in vain; return how many that was. Keeps no session of its own."""
        try:
            return self._look()
        finally:
            self.informant.close()

    def _look(self) -> int:
        family, waiting = self.sessions.family, self.sessions.waiting()
        still = [number for number, one in waiting.items() if self._waiting.get(number) is one]
        before, self._resting, self._waiting = self._resting, {}, waiting
        if not still:
            return 0
        self._resting = self.informant.ask(partial(family.resting, sessions=still), _PATIENCE)
        lost = [one for one, since in self._resting.items() if before.get(one) == since]
        for number in lost:
            if family.awaited(waiting[number]) == number:
                logger.warning("an answer of the database was lost; its session %s is cut", number)
                cut(waiting[number])
        if lost:
            self.informant.ask(partial(family.end, sessions=lost), _PATIENCE)
        return len(lost)


def start() -> None:
    """Start the thread, once in each process."""
    global _started_in
    family = family_of(get_store().connection)
    if _started_in == os.getpid() or family is None:
        return
    _started_in = os.getpid()
    sessions = Sessions(family)
    connection_created.connect(sessions.add, weak=False, dispatch_uid=__name__)
    watch = Lifeline(sessions).watch
    threading.Thread(target=watch, name="durable-lifeline", daemon=True).start()
