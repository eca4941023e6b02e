"""A fault at every statement of a run's life, from the event to the end; then somebody else goes on."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import override_settings

import durable
from durable import clock
from durable.models import Event, Run
from durable.store import Store
from tests.invariants import stage
from tests.invariants.actors import PATIENCE, Actor
from tests.invariants.crash import Fault, Injector
from tests.invariants.lives import LIVES, Life

pytestmark = pytest.mark.timeout(300)

RETRY = 5
Record = Callable[[str, object], None]


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch, clean_stage: None) -> Iterator[None]:
    """Have no timing decide how many statements there are."""
    monkeypatch.setattr("durable.engine.wave.STRAGGLERS", 0.0)
    monkeypatch.setattr("durable.worker.drain._ATTEND", PATIENCE)
    monkeypatch.setattr("durable.engine.overrides.AGE", 0.0)
    monkeypatch.setattr("durable.engine.batch.HOLD", 0.0)
    monkeypatch.setattr("durable.engine.batch.LONG", PATIENCE)
    monkeypatch.setattr("durable.engine.pace.Pace.adapt", lambda pace, seconds: None)
    monkeypatch.setattr("durable.engine.batch.learn", lambda body, seconds: None)
    with override_settings(DURABLE={"BACKOFF": [RETRY], "JITTER": 0, "LEASE": stage.LEASE}):
        yield


@pytest.fixture(params=LIVES)
def life(request: pytest.FixtureRequest) -> Life:
    chosen = LIVES[request.param]
    chosen.define()
    return chosen


@pytest.fixture
def every(request: pytest.FixtureRequest, record_property: Record) -> int:
    """Stop at every so manieth statement; `DURABLE_TEST_SWEEP=full` stops at each of them."""
    params = request.node.callspec.params
    every = 1 if params["life"] == "group" else 4
    every *= 5 if params["store"] == "orm" else 1
    every *= {"sqlite": 1, "postgresql": 2, "mysql": 3}[connection.vendor]
    if os.environ.get("DURABLE_TEST_SWEEP") == "full":
        every = 1
    record_property("every", every)
    return every


def send(id: str) -> UUID:
    """Send as a client does that has had no answer: the same event again."""
    (event,) = durable.send(durable.Event(name="invariant", id=id))
    return UUID(event)


def live(store: Store, id: str) -> None:
    """Send the event, and be the worker that does all of it."""
    send(id)
    for _ in range(3):
        stage.work(stage.worker(store, "victim", workers=1))
        clock.travel(timedelta(seconds=RETRY + 1))


def suffer(store: Store, id: str, injector: Injector) -> Run:
    """Live with a fault; have the client and another worker go on, and return the run at its end."""
    clock.reset()
    stage.journal.clear()
    victim = Actor(partial(live, store, id), injector.hit)
    victim.join(PATIENCE)
    assert not victim.is_alive(), injector.where
    assert injector.is_dead or isinstance(victim.error, OperationalError | None), victim.error
    return stage.settle(store, Run.objects.get(event=send(id)).pk)


def check(run: Run, life: Life, injector: Injector) -> None:
    """Hold that nothing is lost, nothing doubled, and nothing counted that was not so."""
    where = injector.where
    assert run.status == "completed", where
    assert set(run.result) == set(life.steps) - set(life.refused), where
    stage.check_end(run)
    stage.check_remembered(run)
    assert Event.objects.filter(runs=run).count() == 1, where
    ended = {(name, "failed" if name in life.refused else "done"): 1 for name in life.steps}
    assert Counter(run.steps.values_list("name", "status")) == ended, where
    tries = set(run.attempts.values_list("name", "number"))
    lost = {("", 0)} if injector.fault.is_deadly else set()  # its code stops once, known or not
    assert tries <= set(life.tries) <= tries | lost, where
    assert run.attempts.count() == len(tries), where


def check_bodies(life: Life, injector: Injector) -> None:
    """Only the bodies that were at work when the process died run once more."""
    again = Counter({name: stage.bodies()[name] for name in life.steps}) - life.bodies
    most = life.together if injector.fault.is_deadly else 0
    assert again.total() <= most, (injector.where, again)


def test_a_life_without_a_fault(store: Store, life: Life) -> None:
    injector = Injector()
    run = suffer(store, "whole", injector)
    check(run, life, injector)
    assert {name: stage.bodies()[name] for name in life.steps} == life.bodies


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_statement_loses_and_doubles_nothing(
    store: Store, life: Life, every: int, fault: Fault, record_property: Record
) -> None:
    whole = Injector()
    suffer(store, "whole", whole)
    record_property("statements", len(whole.trace))
    first = list(Fault).index(fault) % every  # so that all kinds together come by most statements
    for point in range(1 + first, len(whole.trace) + 1, every):
        injector = Injector(fault, point)
        run = suffer(store, str(point), injector)
        check(run, life, injector)
        check_bodies(life, injector)
