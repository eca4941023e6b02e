"""RACE in an async function: a fast branch does not wait for a slow one."""

from __future__ import annotations

import asyncio

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, say


class SlowLane:
    """One branch of fast steps, and one whose first body waits for the other branch to be done."""

    def __init__(self, ctx: durable.Context) -> None:
        self.ctx = ctx
        self.fast_is_done = asyncio.Event()

    async def fast(self) -> None:
        await self.ctx.step.run("a", asay, "a")
        await self.ctx.step.run("b", self.b)

    async def slow(self) -> None:
        await self.ctx.step.run("x", self.x)
        await self.ctx.step.run("y", asay, "y")

    async def b(self) -> str:
        self.fast_is_done.set()
        return say("b")

    async def x(self) -> str:
        async with asyncio.timeout(10):
            await self.fast_is_done.wait()
        return say("x")


async def in_a_group(ctx: durable.Context) -> None:
    lanes = SlowLane(ctx)
    await ctx.group.parallel((lanes.fast, lanes.slow), ParallelMode.RACE)


async def gathered(ctx: durable.Context) -> None:
    lanes = SlowLane(ctx)
    await asyncio.gather(lanes.fast(), lanes.slow())


async def in_a_task_group(ctx: durable.Context) -> None:
    lanes = SlowLane(ctx)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(lanes.fast())
        tasks.create_task(lanes.slow())


@pytest.mark.parametrize("handler", [in_a_group, gathered, in_a_task_group])
def test_the_fast_branch_ends_before_the_slow_one_has_begun(
    player: Player, handler: Handler
) -> None:
    run = player.play(handler, parallel_mode=ParallelMode.RACE)
    assert run.failure is None
    assert journal == ["a", "b", "x", "y"]
