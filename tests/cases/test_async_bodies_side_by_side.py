"""Async bodies of one wave run at the same time, on one loop."""

from __future__ import annotations

import asyncio

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player


class Meeting:
    """Everybody returns when everybody is there."""

    def __init__(self, size: int) -> None:
        self.missing = size
        self.is_full = asyncio.Event()

    async def join(self, number: int) -> int:
        self.missing -= 1
        if not self.missing:
            self.is_full.set()
        async with asyncio.timeout(10):
            await self.is_full.wait()
        return number


async def in_a_group(ctx: durable.Context) -> int:
    meeting = Meeting(50)
    steps = tuple(lambda n=n: ctx.step.run("join", meeting.join, n) for n in range(50))
    return sum(await ctx.group.parallel(steps))


async def gathered(ctx: durable.Context) -> int:
    meeting = Meeting(50)
    return sum(await asyncio.gather(*[ctx.step.run("join", meeting.join, n) for n in range(50)]))


async def in_a_task_group(ctx: durable.Context) -> int:
    meeting = Meeting(50)
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(ctx.step.run("join", meeting.join, n)) for n in range(50)]
    return sum(task.result() for task in made)


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [in_a_group, gathered, in_a_task_group])
def test_all_of_them_meet(player: Player, handler: Handler, mode: ParallelMode) -> None:
    run = player.play(handler, parallel_mode=mode, retries=0)
    assert run.failure is None
    assert run.result == sum(range(50))
