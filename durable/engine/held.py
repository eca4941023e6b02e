"""What this process is driving at the moment: exactly the work whose leases it renews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from uuid import UUID

from durable.store.rows import RunClaim, StepClaim


@dataclass(slots=True)
class Held:
    """Claims by id. Work that was abandoned leaves it, so that its lease runs out."""

    runs: dict[UUID, int] = field(default_factory=dict)
    steps: dict[int, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def run(self, run: RunClaim) -> Iterator[None]:
        """Hold a run while the block is executed."""
        with self._lock:
            self.runs[run.id] = run.claim
        try:
            yield
        finally:
            with self._lock:
                self.runs.pop(run.id, None)

    @contextmanager
    def batch(self, claims: Iterable[StepClaim]) -> Iterator[None]:
        """Hold planned steps while the block is executed."""
        mine = {claim.id: claim.claim for claim in claims}
        with self._lock:
            self.steps.update(mine)
        try:
            yield
        finally:
            with self._lock:
                for step in mine:
                    self.steps.pop(step, None)

    def snapshot(self) -> tuple[dict[UUID, int], dict[int, int]]:
        """Return copies for the heartbeat."""
        with self._lock:
            return dict(self.runs), dict(self.steps)


held = Held()
