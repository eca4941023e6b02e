"""A runner for tests: one worker in this process, on the test's connection, and clocks that jump.

What ran is in `journal`, in order: bodies of steps leave their mark there, and so may the functions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from django.db import connections

import durable
from durable import clock
from durable.authoring.trigger import Trigger
from durable.models import Run, Step
from durable.models.status import OPEN_STEP
from durable.store import Store, get_store
from durable.worker.drain import Worker

T = TypeVar("T")
Handler = Callable[..., Any]

EVENT = "case/started"
MOST_JUMPS = 200
PATIENCE = 20.0  # seconds until real workers must have done it
_ROUNDING = timedelta(milliseconds=2)  # some clocks have no finer unit than one of these

journal: list[str] = []


def note(mark: str) -> None:
    """Leave a mark in the journal."""
    journal.append(mark)


def say(mark: str) -> str:
    """Be the body of a step: leave a mark, and return it."""
    journal.append(mark)
    return mark


def give(mark: str, value: T) -> T:
    """Be the body of a step: leave a mark, and return a value."""
    journal.append(mark)
    return value


def stumble(mark: str, times: int = 1) -> str:
    """Be the body of a step that fails so many times first."""
    journal.append(mark)
    if journal.count(mark) <= times:
        raise ValueError(f"{mark} fails, try {journal.count(mark)}")
    return mark


async def asay(mark: str) -> str:
    """Be the body of an async step."""
    return say(mark)


async def astumble(mark: str, times: int = 1) -> str:
    """Be the body of an async step that fails so many times first."""
    return stumble(mark, times)


@dataclass(slots=True)
class Player:
    """Plays a function from its event to its end."""

    store: Store = field(default_factory=get_store)
    owner: str = "player:1:1"

    @property
    def worker(self) -> Worker:
        """The only worker there is."""
        return Worker(store=self.store, owner=self.owner, workers=1)

    def play(self, handler: Handler, data: Any = None, **options: Any) -> Run:
        """Make a function of the handler, send its event, and return the run when it has ended."""
        self.define(handler, **options)
        return self.settle(self.send(data))

    def define(
        self,
        handler: Handler,
        *,
        fn_id: str = "case",
        trigger: Trigger | Sequence[Trigger] | None = None,
        **options: Any,
    ) -> durable.Function:
        """Register the handler as a function that `EVENT` starts."""
        trigger = trigger or durable.TriggerEvent(event=EVENT)
        return durable.create_function(fn_id=fn_id, trigger=trigger, **options)(handler)

    def send(self, data: Mapping[str, Any] | None = None, **fields: Any) -> Run:
        """Send one event, and return the one run it started."""
        event = durable.Event(**{"name": EVENT, "data": data or {}, **fields})
        return Run.objects.get(event_id=durable.send(event)[0])

    def work(self) -> None:
        """Do all that is due now."""
        while self.worker.take_one():
            pass

    def jump(self) -> bool:
        """Move the clocks to when something comes due; False if nothing ever will."""
        wait = self.store.due(1).next_in
        if wait is None:
            return False
        clock.travel(max(timedelta(seconds=wait), timedelta()) + _ROUNDING)
        return True

    def settle(self, run: Run) -> Run:
        """Work and jump until the run has ended, or nothing can happen any more."""
        for _ in range(MOST_JUMPS):
            self.work()
            run.refresh_from_db()
            if run.is_final or not self.jump():
                break
        else:
            raise AssertionError(f"{run} does not come to an end: {run.status}, {run.reason}")
        if run.is_final:
            self.check(run)
        return run

    def settle_with(self, workers: int, run: Run) -> Run:
        """Have several workers do it, each in a thread with a connection of its own. No clock jumps.

        The test needs committed rows, hence `@pytest.mark.django_db(transaction=True)`.
        """
        ended = threading.Event()
        crew = [
            threading.Thread(target=self._drain, args=(n, workers, ended)) for n in range(workers)
        ]
        for thread in crew:
            thread.start()
        give_up = time.monotonic() + PATIENCE
        while not run.is_final and time.monotonic() < give_up:
            ended.wait(0.01)
            run.refresh_from_db()
        ended.set()
        for thread in crew:
            thread.join()
        return run

    def _drain(self, number: int, workers: int, ended: threading.Event) -> None:
        worker = Worker(store=self.store, owner=f"crew:{number}:1", workers=workers)
        try:
            while not ended.is_set():
                worker.drain()
        finally:
            connections.close_all()

    def check(self, run: Run) -> None:
        """Hold what is true of every run that has ended."""
        assert not Step.objects.filter(run=run, status__in=OPEN_STEP).exists()
        assert (run.owner, run.due_at, run.pending) == (None, None, 0)


def sync_and_async(sync: Handler, asynchronous: Handler) -> pytest.MarkDecorator:
    """Have a test run twice, with both spellings of one function as its `handler`."""
    spellings = [pytest.param(sync, id="sync"), pytest.param(asynchronous, id="async")]
    return pytest.mark.parametrize("handler", spellings)


def steps_of(run: Run) -> dict[str, str]:
    """Return the status of each step, by its title."""
    return {step.title: step.status for step in run.steps.order_by("id")}
