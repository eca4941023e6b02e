"""The world of one trial: a database, a clock that jumps, clients with a ledger, and a journal of effects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from django.apps import apps
from django.contrib.auth.models import Group
from django.core import serializers
from django.db import connection
from django.test import override_settings

import durable
from durable import clock, wake
from durable.authoring.registry import Registry, registry
from durable.engine import pace, trouble
from durable.engine.cancel import sweep
from durable.engine.deliver import HOLD, deliver
from durable.engine.held import held
from durable.engine.overrides import overrides
from durable.models import Event, Run, Step
from durable.store import Store, get_store
from durable.worker.drain import Worker
from tests.campaigns.observer import observer
from tests.campaigns.points import Injector

LEASE = 30.0
RETRY = 5
MOST_JUMPS = 60
_ROUNDING = timedelta(milliseconds=2)  # some clocks have no finer unit than one of these

SETTINGS = {"BACKOFF": [RETRY], "JITTER": 0, "LEASE": LEASE}


@dataclass(slots=True, kw_only=True)
class Stage:
    """What outlives the processes of one trial.

    Args:
        store: the database.
        injector: what goes wrong in the process that lives now.
        journal: the bodies that began, with the time, in order.
        ledger: the ids under which events were accepted, by the id that the client gave.
        answers: when the client was first told so.
        notes: what a scenario wants to keep, such as when a cancel was confirmed.
        boots: processes so far.
        is_retired: whether the process takes nothing new any more.
    """

    store: Store = field(default_factory=get_store)
    injector: Injector = field(default_factory=Injector)
    journal: list[tuple[str, datetime]] = field(default_factory=list)
    ledger: dict[str, str] = field(default_factory=dict)
    answers: dict[str, datetime] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    boots: int = 0
    is_retired: bool = False
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        """Be a new process: nothing is remembered, and the name on leases is another."""
        self.boots += 1
        held.runs.clear()
        held.steps.clear()
        overrides.clear()
        pace.forget()
        trouble.over()
        self.worker = Worker(store=self.store, owner=f"boot{self.boots}:1:1", workers=1)

    def send(self, name: str, id: str, **data: Any) -> str:
        """Send as a client does that asks again until it is answered; note the answer."""
        (accepted,) = durable.send(durable.Event(name=name, id=id, data=data))
        assert self.ledger.setdefault(id, accepted) == accepted, f"event {id} has two rows"
        self.answers.setdefault(id, clock.now())
        return accepted

    def run_of(self, function: str, id: str) -> Run:
        """Return the first run of a function for an event of the ledger."""
        return Run.objects.get(function=function, event__pk=self.ledger[id], replay=0)

    def work(self, most: int = 200) -> None:
        """Do what is due, as a drain does, so many pieces of it at most."""
        deliver(self.store)
        sweep(self.store)
        for _ in range(most):
            if self.is_retired or not self.worker.take_one():
                return

    def rest(self) -> None:
        """Work, and let the time pass, until nothing comes due any more."""
        for _ in range(MOST_JUMPS):
            self.work()
            if self.is_retired:
                return
            wait = self.store.due(1).next_in
            if wait is None and Event.objects.filter(route_at__isnull=False).exists():
                wait = HOLD  # somebody died while he handed one out
            if wait is None:
                return
            clock.travel(timedelta(seconds=max(wait, 0.0)) + _ROUNDING)
        raise AssertionError(f"work has no end: {self.tell()}")

    def act(self, mark: str) -> str:
        """Be the body of a step: its result says which of its executions it is of."""
        self.injector.point(f"BODY {mark} BEGINS")
        self.journal.append((mark, clock.now()))
        result = f"{mark} {self.count(mark)}"
        self.injector.point(f"BODY {mark} ENDS")
        return result

    def count(self, mark: str) -> int:
        """Return how often a body began."""
        return sum(done == mark for done, _ in self.journal)

    def at(self, mark: str, which: int = -1) -> datetime:
        """Return when a body began, the last time."""
        return [when for done, when in self.journal if done == mark][which]

    def bodies(self) -> Counter[str]:
        """Count the executions of each body."""
        return Counter(mark for mark, _ in self.journal)

    def tell(self) -> str:
        """Say what the tables hold, for the message of a failed trial."""
        runs = Run.objects.order_by("pk").values(
            "function",
            "status",
            "due_at",
            "owner",
            "pending",
            "wake",
            "attempt",
            "crashes",
            "reason",
        )
        steps = Step.objects.order_by("pk").values("name", "op", "status", "due_at", "claim")
        return "\n".join(map(str, [*runs, *steps, self.bodies()]))


class _Waker:
    """Wakes nobody, but is a place at which the process may die."""

    def now(self, count: int) -> None:
        stage().injector.point("WAKE")

    def later(self, seconds: float) -> None:
        stage().injector.point("WAKE LATER")


_stage: list[Stage] = []


def stage() -> Stage:
    """Return the stage on which is played at the moment."""
    return _stage[-1]


@contextmanager
def staged() -> Iterator[Stage]:
    """Set a new stage: no rows, clocks put right."""
    wipe()
    clock.reset()
    connection.ensure_connection()  # what is said at its beginning is no place
    _stage.append(Stage())
    try:
        yield _stage[-1]
    finally:
        _stage.pop()
        clock.reset()


@contextmanager
def theatre(decided: Mapping[str, Any] = MappingProxyType({})) -> Iterator[None]:
    """For a whole campaign: no functions but those it defines, and no stopwatch decides anything.

    Args:
        decided: what takes the place of names of durable, beside what always does.
    """
    before = registry.snapshot()
    registry.restore(Registry())
    with ExitStack() as stack:
        for name, value in {**_STEADY, **decided}.items():
            stack.enter_context(patch(name, value))
        stack.enter_context(override_settings(DURABLE=SETTINGS))
        stack.enter_context(wake.use(_Waker()))
        try:
            yield
        finally:
            observer.close()
            registry.restore(before)


_STEADY: dict[str, Any] = {
    "durable.engine.wave.STRAGGLERS": 0.0,
    "durable.engine.batch.HOLD": 0.0,
    "durable.engine.batch.LONG": 60.0,
    "durable.engine.pace.Pace.adapt": lambda pace, seconds: None,
    "durable.engine.batch.learn": lambda body, seconds: None,
    "durable.worker.timetable._LOOK": 0.0,
    "durable.engine.overrides.AGE": float("inf"),  # a process looks once
}


def wipe() -> None:
    """Delete all rows, those that name others first."""
    filled = observer.filled()
    if Run._meta.db_table in filled:
        Run.objects.exclude(parent=None).update(parent=None)  # MariaDB looks at each row as it goes
    for model in _leaves_first():
        if model._meta.db_table in filled:
            rows = model._base_manager.all()
            rows._raw_delete(rows.db)


@cache
def _leaves_first() -> Sequence[Any]:
    models: list[Any] = list(apps.get_app_config("durable").get_models())
    return [*sorted(models, key=lambda model: -_depth(model, models)), Group]


def _depth(model: Any, models: list[Any]) -> int:
    named = {one.related_model for one in model._meta.concrete_fields if one.is_relation}
    return 1 + max([_depth(one, models) for one in named & set(models) - {model}], default=0)


def dump() -> str:
    """Return all rows as JSON, which `loaddata` reads."""
    models = apps.get_app_config("durable").get_models()
    rows = [row for model in models for row in model._base_manager.all()]
    return str(serializers.serialize("json", rows))
