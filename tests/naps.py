"""Functions that sleep between two steps, for tests of what may come of a run that rests."""

from __future__ import annotations

from datetime import timedelta

import durable
from tests.harness import say

HOUR = timedelta(hours=1)


def nap(ctx: durable.ContextSync) -> str:
    ctx.step.run("before", say, "before")
    ctx.step.sleep("nap", HOUR)
    return ctx.step.run("after", say, "after")


async def anap(ctx: durable.Context) -> str:
    await ctx.step.run("before", say, "before")
    await ctx.step.sleep("nap", HOUR)
    return await ctx.step.run("after", say, "after")
