"""A run that has been through much and waits for more, made by the engine itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import wake
from durable.authoring.registry import Registry
from durable.models import Run
from durable.wake.inprocess import Counter
from tests import harness


@pytest.fixture(autouse=True)
def stage(db: None, fresh_registry: Registry, clock: ModuleType) -> Iterator[None]:
    harness.journal.clear()
    with wake.use(Counter()):
        yield


@pytest.fixture
def player() -> harness.Player:
    player = harness.Player()
    player.define(child, fn_id="child", trigger=durable.TriggerEvent(event="verify/never"))
    player.define(parent, retries=3)
    return player


@pytest.fixture
def waiting(player: harness.Player) -> Run:
    """It waits for an event and for a child that sleeps."""
    run = player.send()
    player.work()
    while not run.steps.filter(op="wait").exists():
        player.jump()
        player.work()
    run.refresh_from_db()
    return run


@pytest.fixture
def ended(player: harness.Player, waiting: Run) -> Run:
    """It completed: the event came, and the child slept well."""
    durable.send(durable.Event(name="verify/answer"))
    return player.settle(waiting)


def child(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("nap", 3_600_000)
    return "slept"


def parent(ctx: durable.ContextSync) -> Any:
    ctx.step.run("large", large)
    ctx.step.run("shaky", harness.stumble, "shaky")
    ctx.group.parallel(
        (
            lambda: ctx.step.wait_for_event("wait", event="verify/answer", timeout="30d"),
            lambda: ctx.step.invoke_by_id("call", function_id="child"),
        )
    )
    return large()


def large() -> str:
    return "x" * 5000
