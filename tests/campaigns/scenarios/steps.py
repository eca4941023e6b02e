"""Steps one after the other: plain, atomic, large, failing, strict, async; sent events; a failed run."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib.auth.models import Group

import durable
from tests.campaigns.points import Fault
from tests.campaigns.scenarios.scenario import Scenario, act, function, go, stumble
from tests.campaigns.stage import Stage, stage

LARGE = 3000  # characters, more than a row keeps


def write(mark: str) -> str:
    """Be the body of an atomic step: one row for each execution that commits."""
    result = act(mark)
    Group.objects.create(name=result)
    return result


def write_or_stumble(mark: str) -> str:
    """Write, and fail at the first try."""
    result = write(mark)
    if stage().count(mark) == 1:
        raise ValueError(f"{mark} fails once")
    return result


def sequence(ctx: durable.ContextSync) -> dict[str, Any]:
    run = ctx.step.run
    first = run("first", act, "first")
    shaky = run("shaky", stumble, "shaky")
    large = run("large", lambda: act("large").ljust(LARGE))
    return {"first": first, "shaky": shaky, "large": large, "last": run("last", act, "last")}


def atomic(ctx: durable.ContextSync) -> dict[str, Any]:
    first = ctx.step.run("first", write, "first", atomic=True)
    shaky = ctx.step.run("shaky", write_or_stumble, "shaky", atomic=True)
    x, y = ctx.group.parallel(
        (
            partial(ctx.step.run, "x", write, "x", atomic=True),
            partial(ctx.step.run, "y", write, "y", atomic=True),
        )
    )
    return {"first": first, "shaky": shaky, "x": x, "y": y}


async def aact(mark: str) -> str:
    await asyncio.sleep(0)
    return act(mark)


async def gathered(ctx: durable.Context) -> dict[str, Any]:
    first = await ctx.step.run("first", aact, "first")
    names = ("x", "y", "z")
    results = await asyncio.gather(*(ctx.step.run(name, aact, name) for name in names))
    return {"first": first} | dict(zip(names, results, strict=True))


def sender(ctx: durable.ContextSync) -> dict[str, Any]:
    before = ctx.step.run("before", act, "before")
    ctx.step.send_event("tell", durable.Event(name="told", data={"n": 1}))
    return {"before": before, "after": ctx.step.run("after", act, "after")}


def listener(ctx: durable.ContextSync) -> dict[str, Any]:
    return {"heard": ctx.step.run("heard", act, "heard")}


def failing(ctx: durable.ContextSync) -> None:
    ctx.step.run("good", act, "good")
    ctx.step.run("bad", refuse)


def refuse() -> None:
    act("bad")
    raise durable.NonRetriableError("never")


def clean_up(ctx: durable.ContextSync) -> dict[str, Any]:
    return {"clean": ctx.step.run("clean", act, "clean")}


def rough(ctx: durable.ContextSync) -> dict[str, Any]:
    """Code that fails between its steps, and code that catches a failed step."""
    first = ctx.step.run("first", act, "first")
    with suppress(durable.StepError):
        ctx.step.run("bad", refuse)
    if ctx.attempt == 0:
        raise ValueError("the code fails at its first try")
    return {"first": first, "last": ctx.step.run("last", act, "last")}


def poisoned(ctx: durable.ContextSync) -> None:
    ctx.step.run("before", act, "before")
    ctx.step.run("poison", die)


def die() -> None:
    """Be the body of a step that takes its process along, each time."""
    act("poison")
    stage().injector.die("poison")


def lost(stage: Stage) -> None:
    assert stage.run_of("f", "go").failure["name"] == "WorkerLost"  # type: ignore[index]


_SEQUENCE = {"first": 1, "shaky": 2, "large": 1, "last": 1}

SCENARIOS = (
    Scenario(
        name="sequence",
        define=lambda: (function(sequence, "f"),),
        live=go,
        ends={"f": "completed"},
        bodies=_SEQUENCE,
    ),
    Scenario(
        name="strict",
        define=lambda: (function(sequence, "f", strict=True),),
        live=go,
        ends={"f": "completed"},
        bodies=_SEQUENCE,
    ),
    Scenario(
        name="atomic",
        define=lambda: (function(atomic, "f"),),
        live=go,
        ends={"f": "completed"},
        bodies={"first": 1, "shaky": 2, "x": 1, "y": 1},
        effects=("first", "shaky", "x", "y"),
    ),
    Scenario(
        name="async",
        define=lambda: (function(gathered, "f"),),
        live=go,
        ends={"f": "completed"},
        bodies={"first": 1, "x": 1, "y": 1, "z": 1},
        together=3,
    ),
    Scenario(
        name="send",
        define=lambda: (
            function(sender, "f"),
            function(listener, "heard", "told"),
        ),
        live=go,
        ends={"f": "completed", "heard": "completed"},
        bodies={"before": 1, "after": 1, "heard": 1},
    ),
    Scenario(
        name="failure",
        define=lambda: (function(failing, "f", on_failure=clean_up),),
        live=go,
        ends={"f": "failed", "f-failure": "completed"},
        bodies={"good": 1, "bad": 1, "clean": 1},
        spared=(Fault.TIMED_OUT, Fault.NO_MEMORY),  # who cleans up has one try
    ),
    Scenario(
        name="rough",
        define=lambda: (function(rough, "f"),),
        live=go,
        ends={"f": "completed"},
        bodies={"first": 1, "bad": 1, "last": 1},
    ),
    Scenario(
        name="poison",
        define=lambda: (function(poisoned, "f"),),
        live=go,
        ends={"f": "failed"},
        bodies={"before": 1, "poison": 3},
        check=lost,
        is_deadly=True,
        maybe=("poison",),  # a fault may be one of the deaths that it is allowed
    ),
)
