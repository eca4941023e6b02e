"""What the site says about functions without a deploy, as this process last saw it.

Looking costs nothing; what is seen is a second old at most. One query fetches all of it, when a run or
a batch of steps is about to be driven, or a step to begin, and that second has passed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from durable.models import FunctionConfig
from durable.playback.request import ParallelMode
from durable.store import Store

AGE = 1.0  # seconds for which what was seen counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What is said about one function; None leaves an option as it is."""

    retries: int | None = None
    backoff: tuple[float, ...] | None = None
    parallel_mode: ParallelMode | None = None
    max_parallel: int | None = None
    threads: int | None = None
    fan_out: bool | None = None
    is_paused: bool = False

    @classmethod
    def of(cls, row: FunctionConfig) -> Override:
        """Read a row."""
        return cls(
            retries=row.retries,
            backoff=row.delays,
            parallel_mode=ParallelMode(row.parallel_mode) if row.parallel_mode else None,
            max_parallel=row.max_parallel,
            threads=row.threads,
            fan_out=row.fan_out,
            is_paused=row.paused is not None,
        )


NONE = Override()


@dataclass(slots=True)
class Overrides:
    """The overrides of all functions; threads may share it."""

    _known: Mapping[str, Override] = field(default_factory=dict)
    _until: float = float("-inf")

    def look(self, store: Store) -> None:
        """Ask the database, unless that was done a moment ago."""
        now = time.monotonic()
        if now >= self._until:
            rows = store.functions.all()
            self._known = {name: Override.of(row) for name, row in rows.items()}
            self._until = now + AGE

    def look_again(self, store: Store) -> None:
        """Ask at once: what was seen turned out to be over."""
        self.forget()
        self.look(store)

    def of(self, function: str) -> Override:
        """Return what was seen last."""
        return self._known.get(function, NONE)

    def forget(self) -> None:
        """Ask again at the next look: something was changed here."""
        self._until = float("-inf")

    def clear(self) -> None:
        """Know nothing, as a process does that was just born."""
        self._known = {}
        self.forget()


overrides = Overrides()


def kept(store: Store) -> dict[str, timedelta]:
    """Return how long runs of functions are kept for which that is overridden."""
    rows = store.functions.rows.filter(retention__isnull=False)
    return {
        name: timedelta(days=days)
        for name, days in rows.values_list("function", "retention")
        if days
    }
