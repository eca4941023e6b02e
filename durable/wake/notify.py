"""Waking by NOTIFY: our own broker on Postgres listens."""

from __future__ import annotations

from dataclasses import dataclass

from durable.q2.channel import notify
from durable.q2.hints import LOOK


@dataclass(frozen=True, slots=True)
class Notify:
    """Wakes the pushers of all clusters on one database.

    Args:
        alias: the database.
    """

    alias: str

    def now(self, count: int) -> None:
        """Wake them; each sees for itself how much is due."""
        notify(self.alias)

    def later(self, seconds: float) -> None:
        """Wake them if they might otherwise sleep too long."""
        if seconds < LOOK:
            notify(self.alias)
