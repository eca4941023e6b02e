"""What this process is driving at the moment: exactly the work whose leases it renews."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, get_ident
from uuid import UUID

from durable.store.rows import RunClaim, StepClaim


@dataclass(slots=True)
class Held:
    """Claims by id, each with the thread that took it. Work that was abandoned leaves it, so that its lease runs out."""

    runs: dict[UUID, tuple[int, RunClaim]] = field(default_factory=dict)
    steps: dict[int, tuple[int, StepClaim]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @contextmanager
    def run(self, run: RunClaim) -> Iterator[None]:
        """Hold a run while the block is executed."""
        with self._lock:
            self.runs[run.id] = (get_ident(), run)
        try:
            yield
        finally:
            with self._lock:
                self.runs.pop(run.id, None)

    @contextmanager
    def batch(self, claims: Iterable[StepClaim]) -> Iterator[None]:
        """Hold planned steps while the block is executed."""
        mine = {claim.id: (get_ident(), claim) for claim in claims}
        with self._lock:
            self.steps.update(mine)
        try:
            yield
        finally:
            with self._lock:
                for step in mine:
                    self.steps.pop(step, None)

    def snapshot(self) -> tuple[dict[UUID, int], dict[int, int]]:
        """Return claims by id, for the heartbeat."""
        with self._lock:
            runs = {id_: run.claim for id_, (_, run) in self.runs.items()}
            return runs, {id_: step.claim for id_, (_, step) in self.steps.items()}

    def drop(self, thread: int) -> tuple[list[RunClaim], list[StepClaim]]:
        """Let go of what a thread took, and return it."""
        with self._lock:
            runs = [run for taker, run in self.runs.values() if taker == thread]
            steps = [step for taker, step in self.steps.values() if taker == thread]
            for run in runs:
                del self.runs[run.id]
            for step in steps:
                del self.steps[step.id]
        return runs, steps


held = Held()
