"""One place in the life of a process, and what goes wrong there."""

from __future__ import annotations

import enum
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections

from tests.campaigns.observer import observer, session
from tests.invariants.crash import Crash, hang_up
from tests.invariants.seam import seen

Do = Callable[[], Any]


class TimedOut(SystemExit):
    """As the exception by which django-q2 ends a task that takes too long: at any place, of no class of ours."""


class Fault(enum.StrEnum):
    """What happens at the place."""

    KILL_BEFORE = "killed before"
    KILL_AFTER = "killed after"
    LOST_BEFORE = "connection lost before"
    LOST_AFTER = "connection lost after"  # it was done, and nobody was told
    DEADLOCK = "deadlock"
    SERIALIZATION = "serialization failure"
    LOCK_TIMEOUT = "lock time-out"
    TIMED_OUT = "task time-out"
    NO_MEMORY = "out of memory"

    @property
    def is_deadly(self) -> bool:
        """Whether the process is gone, and its lease has to pass."""
        return self in (Fault.KILL_BEFORE, Fault.KILL_AFTER)

    @property
    def is_stray(self) -> bool:
        """Whether it is an error that comes out of nowhere: what it meets fails, and is tried again."""
        return self in (Fault.TIMED_OUT, Fault.NO_MEMORY)

    @property
    def is_refusal(self) -> bool:
        """Whether the database itself says no."""
        return self in (Fault.DEADLOCK, Fault.SERIALIZATION, Fault.LOCK_TIMEOUT)


class Injector:
    """Counts places, and has one of them go wrong.

    Args:
        fault: what goes wrong.
        at: the number of the place, from 1; 0 for none.
        is_real: a kill ends this very process, as SIGKILL does.
    """

    def __init__(
        self, fault: Fault = Fault.KILL_BEFORE, at: int = 0, *, is_real: bool = False
    ) -> None:
        self.fault = fault
        self.at = at
        self.is_real = is_real
        self.trace: list[str] = []
        self.is_dead = False
        self.has_struck = False

    def hit(self, label: str, do: Do) -> Any:
        """Do it, unless this is the place, or the process is dead."""
        if self.is_dead:
            raise Crash(label)
        self.trace.append(" ".join(label.split()))
        if len(self.trace) != self.at:
            return do()
        self.has_struck = True
        return self._go_wrong(label, do)

    def point(self, label: str) -> None:
        """A place at which nothing is said to the database: only the process can go."""
        if self.is_dead:
            raise Crash(label)
        self.trace.append(label)
        if len(self.trace) == self.at and self.fault.is_deadly:
            self.has_struck = True
            self.die(label)

    @contextmanager
    def on(self) -> Iterator[None]:
        """Have all that this thread says to the database pass here."""
        with seen(self.hit):
            yield

    @property
    def where(self) -> str:
        """The fault and the place, for people."""
        label = self.trace[self.at - 1] if 0 < self.at <= len(self.trace) else "nowhere"
        return f"{self.fault.value} at {self.at}: {label[:200]}"

    @property
    def told(self) -> str:
        """All its places, for people."""
        return "\n".join(f"{at:4} {label[:200]}" for at, label in enumerate(self.trace, 1))

    def _go_wrong(self, label: str, do: Do) -> Any:
        is_begin = label.startswith("BEGIN")
        # Django leaves the transaction open when something strange comes out of a commit.
        is_after = self.fault in (Fault.KILL_AFTER, Fault.LOST_AFTER)
        if (is_after and not is_begin) or (self.fault.is_stray and label == "COMMIT"):
            do()
        if self.fault.is_deadly:
            self.die(label)
        if self.fault is Fault.NO_MEMORY:
            raise MemoryError(label)
        if self.fault is Fault.TIMED_OUT:
            raise TimedOut(label)
        if self.fault.is_refusal:
            refuse(self.fault, is_commit=label == "COMMIT")
        _lose()
        raise OperationalError(f"{self.fault.value}: {label[:80]}")

    def die(self, label: str) -> None:
        """End the process here."""
        if self.is_real:
            os.kill(os.getpid(), signal.SIGKILL)
        self.is_dead = True
        _lose()
        raise Crash(label)


def _lose() -> None:
    """Lose the connection, if there is somebody at its other end; he is given the time to notice."""
    gone = session()
    if gone is not None:
        hang_up()
        observer.outlive(gone)


# What the servers say; both abort what they abort when it is really so.
_POSTGRES = {
    Fault.DEADLOCK: "40P01",
    Fault.SERIALIZATION: "40001",
    Fault.LOCK_TIMEOUT: "55P03",
}
_MARIADB = {Fault.DEADLOCK: 1213, Fault.SERIALIZATION: 1213, Fault.LOCK_TIMEOUT: 1205}


def refuse(fault: Fault, *, is_commit: bool) -> None:
    """Have the database refuse what would be said next, in its own words and with its own effects."""
    connection = connections[DEFAULT_DB_ALIAS]
    raw: Any = connection.connection
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            code = _POSTGRES[fault]
            raw.execute(f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END $$")
        if connection.vendor == "mysql":
            if is_commit or fault is not Fault.LOCK_TIMEOUT:
                raw.rollback()  # the server undoes the whole transaction, not the statement
            signalled = f"SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = {_MARIADB[fault]}"
            raw.cursor().execute(f"{signalled}, MESSAGE_TEXT = 'injected'")
        raise sqlite3.OperationalError("database is locked")
