"""Functions to be tested with the kit, sync and async, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import durable
from durable import ParallelMode
from tests.harness import asay, say

EVENT = "shop/order.placed"


def define(handler: Callable[..., Any], fn_id: str = "order", **options: Any) -> durable.Function:
    """Register a handler."""
    trigger = options.pop("trigger", durable.TriggerEvent(event=EVENT))
    return durable.create_function(fn_id=fn_id, trigger=trigger, **options)(handler)


def one(ctx: durable.ContextSync) -> str:
    return ctx.step.run("charge", say, "charged")


async def one_async(ctx: durable.Context) -> str:
    return await ctx.step.run("charge", asay, "charged")


def group(mode: ParallelMode) -> Callable[..., Any]:
    """Return a function with two steps side by side, and one behind them."""

    def handler(ctx: durable.ContextSync) -> list[str]:
        steps = [partial(ctx.step.run, name, say, name) for name in ("label", "invoice")]
        both = ctx.group.parallel(tuple(steps), parallel_mode=mode)
        return [*both, ctx.step.run("mail", say, "mail")]

    return handler


def group_async(mode: ParallelMode) -> Callable[..., Any]:
    """Return its async twin."""

    async def handler(ctx: durable.Context) -> list[str]:
        steps = [partial(ctx.step.run, name, asay, name) for name in ("label", "invoice")]
        both = await ctx.group.parallel(tuple(steps), parallel_mode=mode)
        return [*both, await ctx.step.run("mail", asay, "mail")]

    return handler


GROUPS = {
    "sync, wait": group(ParallelMode.WAIT),
    "sync, race": group(ParallelMode.RACE),
    "async, wait": group_async(ParallelMode.WAIT),
    "async, race": group_async(ParallelMode.RACE),
}


def pause(ctx: durable.ContextSync) -> str:
    ctx.step.run("charge", say, "charged")
    ctx.step.sleep("cool-off", "3d")
    return ctx.step.run("ship", say, "shipped")


async def pause_async(ctx: durable.Context) -> str:
    await ctx.step.run("charge", asay, "charged")
    await ctx.step.sleep("cool-off", "3d")
    return await ctx.step.run("ship", asay, "shipped")


def approval(ctx: durable.ContextSync) -> str:
    event = ctx.step.wait_for_event("approval", event="shop/order.approved", timeout="5d")
    return "timed out" if event is None else str(event.data["by"])


async def approval_async(ctx: durable.Context) -> str:
    event = await ctx.step.wait_for_event("approval", event="shop/order.approved", timeout="5d")
    return "timed out" if event is None else str(event.data["by"])
