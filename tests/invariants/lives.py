"""Functions for the sweeps of faults: what each does, and what must be left of it in the end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import durable
from tests.invariants import stage

LARGE = 3000  # characters, more than a row keeps


@dataclass(frozen=True, kw_only=True)
class Life:
    """A function, and what is true once it has ended, whatever happened on the way.

    Args:
        handler: the function; it returns a dict of steps' results by name.
        steps: the names of its steps; what begins with "stumbling" fails at its first try.
        options: of the function.
        refused: steps that fail for good, and the function goes on.
        tries_of_code: failed tries of the code between steps.
        together: bodies that one process has under way at the same time, at most.
    """

    handler: Callable[..., Any]
    steps: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=dict)
    refused: tuple[str, ...] = ()
    tries_of_code: int = 0
    together: int = 1

    def define(self) -> None:
        """Register the function."""
        trigger = durable.TriggerEvent(event="invariant")
        durable.create_function(fn_id="life", trigger=trigger, **self.options)(self.handler)

    @property
    def bodies(self) -> Counter[str]:
        """How often each body runs when nothing goes wrong."""
        return Counter({name: 1 + name.startswith("stumbling") for name in self.steps})

    @property
    def tries(self) -> list[tuple[str, int]]:
        """The failed tries in the history, by name and number."""
        stumbles = {name for name in self.steps if name.startswith("stumbling")}
        tries = [(name, 0) for name in stumbles | set(self.refused)]
        return sorted(tries + [("", number) for number in range(self.tries_of_code)])


def body(ctx: durable.Context | durable.ContextSync, name: str) -> str:
    """Be the body of a step."""
    said = stage.say(name)
    if name.startswith("stumbling") and ctx.attempt == 0:
        raise ValueError("the first try fails")
    if name.startswith("refused"):
        raise durable.NonRetriableError("no")
    return said.ljust(LARGE) if name.startswith("large") else said


async def abody(ctx: durable.Context, name: str) -> str:
    """Be the body of an async step."""
    await asyncio.sleep(0)
    return body(ctx, name)


def group(ctx: durable.ContextSync) -> dict[str, str]:
    """Two steps, three in parallel, one after them."""

    def say(name: str) -> str:
        return ctx.step.run(name, body, ctx, name)

    results = {"first": say("first"), "second": say("second")}
    names = ("x", "y", "stumbling z")
    together = ctx.group.parallel(tuple(partial(say, name) for name in names))
    return results | dict(zip(names, together, strict=True)) | {"stumbling": say("stumbling")}


def branches(ctx: durable.ContextSync) -> dict[str, str]:
    """Two branches of two steps."""

    def say(*names: str) -> dict[str, str]:
        return {name: ctx.step.run(name, body, ctx, name) for name in names}

    left, right = ctx.group.parallel(
        (lambda: say("a", "stumbling b"), lambda: say("x", "y")),
    )
    return left | right


def rough(ctx: durable.ContextSync) -> dict[str, str]:
    """Large results, a step that fails for good, and code that fails between steps."""
    run = ctx.step.run
    large = run("large", body, ctx, "large")
    try:
        run("refused", body, ctx, "refused")
    except durable.StepError as error:
        refusal = error.message
    if ctx.attempt == 0 and "stopped" not in stage.journal:
        stage.journal.append("stopped")
        raise ValueError(refusal)
    both = ctx.group.parallel(
        (lambda: run("large x", body, ctx, "large x"), lambda: run("y", body, ctx, "y"))
    )
    return {"large": large, "large x": both[0], "y": both[1]}


async def gathered(ctx: durable.Context) -> dict[str, str]:
    """Async steps, one after another and side by side."""
    names = ("x", "y", "stumbling z")
    first = await ctx.step.run("first", abody, ctx, "first")
    results = await asyncio.gather(*(ctx.step.run(name, abody, ctx, name) for name in names))
    return {"first": first} | dict(zip(names, results, strict=True))


_GROUP = ("first", "second", "x", "y", "stumbling z", "stumbling")
_BRANCHES = ("a", "stumbling b", "x", "y")

LIVES = {
    "group": Life(handler=group, steps=_GROUP),
    "strict": Life(handler=group, steps=_GROUP, options={"strict": True}),
    "race": Life(
        handler=branches,
        steps=_BRANCHES,
        options={"parallel_mode": durable.ParallelMode.RACE},
    ),
    "rough": Life(
        handler=rough,
        steps=("large", "refused", "large x", "y"),
        refused=("refused",),
        tries_of_code=1,
    ),
    "async": Life(handler=gathered, steps=("first", "x", "y", "stumbling z"), together=3),
}
