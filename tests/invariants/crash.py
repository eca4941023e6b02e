"""Faults at any statement or commit: the process dies there, or the database does not answer well."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections


class Crash(BaseException):
    """The process has been killed. Nothing in the product may catch it."""


class Fault(enum.StrEnum):
    """What happens at one point."""

    KILL_BEFORE = "killed before"
    KILL_AFTER = "killed after"
    REFUSED = "refused"  # a deadlock, a lock that was not had in time
    LOST_BEFORE = "connection lost before"
    LOST_AFTER = "connection lost after"  # it was done, and nobody was told

    @property
    def is_deadly(self) -> bool:
        """Whether the process is gone."""
        return self in (Fault.KILL_BEFORE, Fault.KILL_AFTER)

    @property
    def drops_the_connection(self) -> bool:
        """Whether the connection goes with it. One to a file has nobody at its other end."""
        is_file = connections[DEFAULT_DB_ALIAS].vendor == "sqlite"
        return self is not Fault.REFUSED and not is_file


class Injector:
    """Counts statements and commits, and has one of them go wrong.

    Args:
        fault: what goes wrong.
        point: the number of the statement, from 1; 0 for none.
    """

    def __init__(self, fault: Fault = Fault.REFUSED, point: int = 0) -> None:
        self.fault = fault
        self.point = point
        self.trace: list[str] = []
        self.is_dead = False

    def hit(self, label: str, do: Callable[[], Any]) -> Any:
        """Do it, unless it is the one, or the process is dead."""
        if self.is_dead:
            raise Crash(label)
        self.trace.append(label)
        if len(self.trace) != self.point:
            return do()
        if self.fault in (Fault.KILL_AFTER, Fault.LOST_AFTER) and not label.startswith("BEGIN"):
            do()
        if self.fault.drops_the_connection:
            hang_up()
        if self.fault.is_deadly:
            self.is_dead = True
            raise Crash(label)
        raise OperationalError(f"{self.fault}: {label}")

    @property
    def where(self) -> str:
        """The fault and the statement, for the message of a failed test."""
        label = self.trace[self.point - 1] if self.point else "nowhere"
        return f"{self.fault}, statement {self.point}: {label}"


def hang_up() -> None:
    """Drop the connection below Django, as a network or a death does; the server rolls back."""
    raw: Any = connections[DEFAULT_DB_ALIAS].connection
    getattr(raw, "_force_close", raw.close)()
