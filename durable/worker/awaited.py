"""Which sessions wait for an answer, as this process sees it and as the server does. One class a family."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper

from durable.q2 import channel
from durable.store import Store

Resting = Mapping[int, str]  # numbers of sessions, and a word that changes when they do something


class Family(Protocol):
    """What one kind of database can tell."""

    def note(self, connection: BaseDatabaseWrapper) -> None:
        """Prepare a session that has been opened."""

    def awaited(self, connection: BaseDatabaseWrapper) -> int | None:
        """Return the number of the server's session whose answer is waited for, if one is."""

    def resting(self, store: Store, sessions: Collection[int]) -> Resting:
        """Return which of these do nothing on the server; also those that are gone."""

    def end(self, store: Store, sessions: Collection[int]) -> None:
        """Have the server let go of what these hold."""


def family_of(connection: BaseDatabaseWrapper) -> Family | None:
    """Return what a database can tell; None if that is nothing."""
    if channel.can_notify(connection):
        return Postgres()
    return MariaDb() if connection.vendor == "mysql" else None


class Postgres:
    """Through psycopg 3, which lets others see whether a session waits."""

    _ACTIVE = 1  # libpq's word for it
    _STATES = "SELECT pid, state, state_change::text FROM pg_stat_activity WHERE pid = ANY(%s)"
    _END = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid = ANY(%s) AND state <> 'active'"
    )

    def note(self, connection: BaseDatabaseWrapper) -> None:
        """Nothing has to be done."""

    def awaited(self, connection: BaseDatabaseWrapper) -> int | None:
        """Return the number of the server's session whose answer is waited for, if one is."""
        session: Any = connection.connection
        try:
            is_waiting = session is not None and session.pgconn.transaction_status == self._ACTIVE
            return int(session.pgconn.backend_pid) if is_waiting else None
        except Exception:  # noqa: BLE001 - it has been closed meanwhile
            return None

    def resting(self, store: Store, sessions: Collection[int]) -> Resting:
        """Return which of these do nothing on the server, and since when."""
        connection: Any = store.connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            if cursor.fetchone()[0] != connection.connection.pgconn.backend_pid:
                return {}  # a pooler is in between, and its numbers mean nothing to the server
            cursor.execute(self._STATES, [list(sessions)])
            return _resting(sessions, cursor.fetchall(), "active".__ne__)

    def end(self, store: Store, sessions: Collection[int]) -> None:
        """Have the server let go of what these hold."""
        with store.connection.cursor() as cursor:
            cursor.execute(self._END, [list(sessions)])


class MariaDb:
    """Its drivers do not tell, so it is noted when Django asks them for something."""

    _STATES = "SELECT id, command, query_id FROM information_schema.processlist"

    def note(self, connection: BaseDatabaseWrapper) -> None:
        """Have a session tell when it waits."""
        if not any(isinstance(one, _Mark) for one in connection.execute_wrappers):
            mark = _Mark()
            connection.execute_wrappers.append(mark)
            for name in ("_commit", "_rollback", "_set_autocommit"):
                setattr(connection, name, mark.around(getattr(connection, name)))

    def awaited(self, connection: BaseDatabaseWrapper) -> int | None:
        """Return the number of the server's session whose answer is waited for, if one is."""
        session: Any = connection.connection
        marks = [one for one in connection.execute_wrappers if isinstance(one, _Mark)]
        try:
            is_waiting = session is not None and any(mark.depth for mark in marks)
            return int(session.thread_id()) if is_waiting else None
        except Exception:  # noqa: BLE001 - it has been closed meanwhile
            return None

    def resting(self, store: Store, sessions: Collection[int]) -> Resting:
        """Return which of these do nothing on the server, and their last statements."""
        connection: Any = store.connection
        if not connection.mysql_is_mariadb:
            return {}  # MySQL does not number statements
        with connection.cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            if cursor.fetchone()[0] != connection.connection.thread_id():
                return {}  # a proxy is in between, and its numbers mean nothing to the server
            cursor.execute(self._STATES)
            return _resting(sessions, cursor.fetchall(), "Sleep".__eq__)

    def end(self, store: Store, sessions: Collection[int]) -> None:
        """Have the server let go of what these hold."""
        known = self.resting(store, sessions)
        with store.connection.cursor() as cursor:
            for number in sessions:
                if known.get(number):
                    cursor.execute(f"KILL {int(number)}")


@dataclass(slots=True, eq=False)
class _Mark:
    """How deep Django is in its driver: 0 when it waits for nothing."""

    depth: int = 0

    def __call__(self, execute: Callable[..., Any], *args: Any) -> Any:
        return self.around(execute)(*args)

    def around(self, do: Callable[..., Any]) -> Callable[..., Any]:
        """Return the same, marked while it goes on."""

        def marked(*args: Any, **named: Any) -> Any:
            self.depth += 1
            try:
                return do(*args, **named)
            finally:
                self.depth -= 1

        return marked


def _resting(
    sessions: Collection[int],
    states: Collection[tuple[int, str, object]],
    is_resting: Callable[[str], bool],
) -> Resting:
    known = {number: (state, since) for number, state, since in states}
    gone = (None, "")
    found = {number: known.get(number, gone) for number in sessions}
    return {
        number: str(since)
        for number, (state, since) in found.items()
        if state is None or is_resting(state)
    }
