"""Each kind of step in functions that are coroutines."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import durable
from tests.campaigns.scenarios.scenario import Scenario, act, function, go
from tests.campaigns.scenarios.steps import aact
from tests.campaigns.stage import Stage

HOUR = timedelta(hours=1)


async def all_kinds(ctx: durable.Context) -> dict[str, Any]:
    """Each kind beside another one, and in a race."""
    first, event, answer, _ = await asyncio.gather(
        ctx.step.run("first", aact, "first"),
        ctx.step.wait_for_event("wait", event="answer", timeout=HOUR),
        ctx.step.invoke_by_id("call", function_id="child"),
        ctx.step.sleep("nap", HOUR),
    )
    await ctx.step.send_event("tell", [durable.Event(name="told"), durable.Event(name="told")])
    n = None if event is None else event.data["n"]
    last = await ctx.step.run("last", aact, "last")
    return {"first": first, "n": n, "child": answer, "last": last}


async def child(ctx: durable.Context) -> str:
    return str(await ctx.step.run("child's", aact, "child's"))


async def raced(ctx: durable.Context) -> dict[str, Any]:
    """The first of two ends it, as `asyncio.wait` says; the other is given up."""
    quick = asyncio.ensure_future(ctx.step.run("quick", aact, "quick"))
    slow = asyncio.ensure_future(ctx.step.sleep("slow", 2 * HOUR))
    done, _ = await asyncio.wait({quick, slow}, return_when=asyncio.FIRST_COMPLETED)
    assert done == {quick}
    slow.cancel()
    return {"quick": quick.result(), "last": await ctx.step.run("last", aact, "last")}


def heard(ctx: durable.ContextSync) -> str:
    return str(ctx.step.run("heard", act, "heard"))


def answer(stage: Stage) -> None:
    stage.send("go", "go")
    stage.work()
    stage.send("answer", "answer", n=8)
    stage.rest()


def answered(stage: Stage) -> None:
    """A crash before it waits may let the event pass."""
    assert stage.run_of("f", "go").result["n"] in (8, None)


SCENARIOS = (
    Scenario(
        name="async, all kinds",
        define=lambda: (
            function(all_kinds, "f"),
            function(child, "child", "never"),
            function(heard, "heard", "told"),
        ),
        live=answer,
        ends={"f": "completed", "child": "completed", "heard": ("completed", "completed")},
        bodies={"first": 1, "child's": 1, "heard": 2, "last": 1},
        check=answered,
    ),
    Scenario(
        name="async race",
        define=lambda: function(raced, "f", parallel_mode=durable.ParallelMode.RACE),
        live=go,
        ends={"f": "completed"},
        bodies={"quick": 1, "last": 1},
    ),
)
