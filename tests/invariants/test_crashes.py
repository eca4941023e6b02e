"""A fault at every statement of a run's life, from the event to the end; then somebody else goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import OperationalError
from django.test import override_settings

import durable
from durable import clock
from durable.models import Attempt, Event, Run
from durable.store import Store
from tests.invariants import stage
from tests.invariants.actors import PATIENCE, Actor
from tests.invariants.crash import Fault, Injector

RETRY = 5
STEPS = ("first", "second", "x", "y", "stumbling z", "stumbling last")


@pytest.fixture(autouse=True)
def crashing(monkeypatch: pytest.MonkeyPatch, clean_stage: None) -> Iterator[None]:
    """Have no timing decide how many statements there are."""
    monkeypatch.setattr("durable.engine.performer.STRAGGLERS", 0.0)
    monkeypatch.setattr("durable.engine.batch.HOLD", 0.0)
    monkeypatch.setattr("durable.engine.pace.Pace.adapt", lambda pace, seconds: None)
    durable.create_function(fn_id="life", trigger=durable.TriggerEvent(event="invariant"))(life)
    with override_settings(DURABLE={"BACKOFF": [RETRY], "JITTER": 0, "LEASE": stage.LEASE}):
        yield


def life(ctx: durable.ContextSync) -> dict[str, str]:
    def say(name: str) -> str:
        return ctx.step.run(name, body, name)

    def body(name: str) -> str:
        said = stage.say(name)
        if name.startswith("stumbling") and ctx.attempt == 0:
            raise ValueError("the first try fails")
        return said

    results = {"first": say("first"), "second": say("second")}
    group = ctx.group.parallel(tuple(partial(say, name) for name in STEPS[2:5]))
    return results | dict(zip(STEPS[2:5], group, strict=True)) | {STEPS[5]: say(STEPS[5])}


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


def check(run: Run, injector: Injector) -> None:
    where = injector.where
    assert run.status == "completed", where
    assert set(run.result) == set(STEPS), where
    stage.check_end(run)
    stage.check_remembered(run)
    assert Event.objects.filter(runs=run).count() == 1, where
    assert Counter(run.steps.values_list("name", "status")) == {(n, "done"): 1 for n in STEPS}, (
        where
    )
    tries = Attempt.objects.filter(run=run).order_by("name").values_list("name", "number")
    assert list(tries) == [("stumbling last", 0), ("stumbling z", 0)], where


def check_bodies(injector: Injector) -> None:
    """Only the body that was at work when the process died runs once more."""
    fair = {name: 1 + name.startswith("stumbling") for name in STEPS}
    more = stage.bodies() - Counter(fair)
    assert more.total() <= injector.fault.is_deadly, injector.where


def test_the_life_without_a_fault(store: Store) -> None:
    injector = Injector()
    run = suffer(store, "whole", injector)
    check(run, injector)
    assert stage.bodies() == {name: 1 + name.startswith("stumbling") for name in STEPS}


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_statement_loses_and_doubles_nothing(
    store: Store, stride: int, fault: Fault
) -> None:
    injector = Injector()
    suffer(store, f"{fault} 0", injector)
    for point in range(1, len(injector.trace) + 1, stride):
        injector = Injector(fault, point)
        run = suffer(store, f"{fault} {point}", injector)
        check(run, injector)
        check_bodies(injector)
    assert point > 20
