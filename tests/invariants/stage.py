"""What is played in front of the invariants: functions, workers, and a journal of bodies that ran."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import durable
from durable import clock
from durable.models import Run, Step
from durable.models.status import OPEN_STEP
from durable.store.store import Store
from durable.worker.drain import Worker

LEASE = 30.0
MOST_ROUNDS = 50

journal: list[str] = []


def say(mark: str) -> str:
    """Be the body of a step: its result is different each time it runs."""
    journal.append(mark)
    return f"{mark} {journal.count(mark)}"


def worker(store: Store, name: str, workers: int = 2) -> Worker:
    """Return a worker that holds leases as `name`."""
    return Worker(store=store, owner=f"{name}:1:1", workers=workers)


def work(worker: Worker) -> None:
    """Do all that is due."""
    while worker.take_one():
        pass


def send(name: str = "invariant", data: dict[str, Any] | None = None) -> UUID:
    """Send an event that starts one function; return the id of the run."""
    (event,) = durable.send(durable.Event(name=name, data=data or {}))
    return Run.objects.get(event_id=event).pk


def settle(store: Store, run: UUID, name: str = "settler") -> Run:
    """Have one more worker bring a run to its end, over all leases and timers."""
    for _ in range(MOST_ROUNDS):
        work(worker(store, name))
        row = Run.objects.get(pk=run)
        if row.is_final:
            return row
        clock.travel(timedelta(seconds=LEASE + 1))
    raise AssertionError(f"run {run} is stuck: {snapshot(run)}")


def check_end(run: Run) -> None:
    """Hold what is true of every run that has ended."""
    open_steps = run.steps.filter(status__in=OPEN_STEP)
    assert not open_steps.exists()
    assert (run.owner, run.due_at, run.pending) == (None, None, 0)


def check_remembered(run: Run) -> None:
    """The function returned what was recorded of its steps, not what some lost execution made."""
    recorded = {step.name: step.result for step in run.steps.all()}
    assert run.result == {name: recorded[name] for name in run.result}


def snapshot(run: UUID) -> list[Any]:
    """Return all that is recorded of a run."""
    steps = Step.objects.filter(run=run).order_by("id")
    return [*Run.objects.filter(pk=run).values(), *steps.values()]


def bodies() -> Counter[str]:
    """Count the executions of each body."""
    return Counter(journal)
