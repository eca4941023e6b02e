"""The thread that notices when an answer of the database was lost on its way.

A network may swallow packets and acknowledge them all the same. Then no time-out of either side ends the
wait for an answer, and the heartbeat keeps the lease of work that stands still. So the server is asked,
on another session, what it knows of those that this process waits on. Where it rests, and has done
since the look before, there is nothing to wait for.

Only on Postgres through psycopg 3, which lets others see whether a session waits.
"""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from durable.conf import conf
from durable.q2 import channel
from durable.store import Store, get_store
from durable.store.cut import cut
from durable.worker.informant import Informant

logger = logging.getLogger("durable.worker")

_PATIENCE = 10.0  # seconds that the server may take to say what it knows
_STATES = "SELECT pid, state, state_change::text FROM pg_stat_activity WHERE pid = ANY(%s)"
# What such a session still holds, nobody else can have.
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY(%s) AND state <> 'active'"
_ACTIVE = 1  # libpq's word for a session that waits for an answer

Resting = Mapping[int, str]  # numbers of sessions, and since when they rest

_started_in: int | None = None


@dataclass(slots=True)
class Sessions:
    """Those of all threads of this process, as long as somebody has them."""

    _known: weakref.WeakSet[BaseDatabaseWrapper] = field(default_factory=weakref.WeakSet)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, connection: BaseDatabaseWrapper, **kwargs: object) -> None:
        """Note one that has been opened."""
        with self._lock:
            self._known.add(connection)

    def waiting(self) -> dict[int, BaseDatabaseWrapper]:
        """Return those that wait for an answer, by their numbers on the server."""
        with self._lock:
            known = list(self._known)
        return {number: one for one in known if (number := _awaited(one))}


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
        """Cut the sessions that wait in vain; return how many that was."""
        waiting = self.sessions.waiting()
        still = [number for number, one in waiting.items() if self._waiting.get(number) is one]
        before, self._resting, self._waiting = self._resting, {}, waiting
        if not still:
            return 0
        self._resting = self.informant.ask(partial(_resting, sessions=still), _PATIENCE)
        lost = [one for one, since in self._resting.items() if before.get(one) == since]
        for number in lost:
            if _awaited(waiting[number]) == number:
                logger.warning("an answer of the database was lost; its session %s is cut", number)
                cut(waiting[number])
        if lost:
            self.informant.ask(partial(_end, sessions=lost), _PATIENCE)
        return len(lost)


def start() -> None:
    """Start the thread, once in each process."""
    global _started_in
    if _started_in == os.getpid() or not channel.can_notify(get_store().connection):
        return
    _started_in = os.getpid()
    sessions = Sessions()
    connection_created.connect(sessions.add, weak=False, dispatch_uid=__name__)
    watch = Lifeline(sessions).watch
    threading.Thread(target=watch, name="durable-lifeline", daemon=True).start()


def _awaited(connection: BaseDatabaseWrapper) -> int | None:
    """Return the number of the server's session whose answer is waited for, if one is."""
    session: Any = connection.connection
    try:
        is_waiting = session is not None and session.pgconn.transaction_status == _ACTIVE
        return int(session.pgconn.backend_pid) if is_waiting else None
    except Exception:  # noqa: BLE001 - it is no session of psycopg, or has been closed meanwhile
        return None


def _resting(store: Store, sessions: Sequence[int]) -> Resting:
    """Return which of these do nothing on the server, and since when; those that are gone, too."""
    connection: Any = store.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        if cursor.fetchone()[0] != connection.connection.pgconn.backend_pid:
            return {}  # a pooler is in between, and its numbers mean nothing to the server
        cursor.execute(_STATES, [list(sessions)])
        states = {number: (state, since) for number, state, since in cursor.fetchall()}
    known = {number: states.get(number, ("gone", "")) for number in sessions}
    return {number: since for number, (state, since) in known.items() if state != "active"}


def _end(store: Store, sessions: Iterable[int]) -> None:
    with store.connection.cursor() as cursor:
        cursor.execute(_END, [list(sessions)])
