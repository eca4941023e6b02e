"""Tasks within the branches of one group after another: each use of an id is a step of its own."""

from __future__ import annotations

import asyncio

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, astumble, say


async def grouped_twice(ctx: durable.Context) -> list[str]:
    async def branch(mark: str) -> list[str]:
        return list(
            await asyncio.gather(
                ctx.step.run("same", asay, f"{mark} 0"), ctx.step.run("same", asay, f"{mark} 1")
            )
        )

    (first,) = await ctx.group.parallel((lambda: branch("first"),))
    (second,) = await ctx.group.parallel((lambda: branch("second"),))
    await ctx.step.run("shaky", astumble, "shaky")
    return [*first, *second]


async def gathered_twice(ctx: durable.Context) -> list[str]:
    async def branch(mark: str) -> list[str]:
        return list(
            await asyncio.gather(
                ctx.step.run("same", asay, f"{mark} 0"), ctx.step.run("same", asay, f"{mark} 1")
            )
        )

    first, second = await branch("first"), await branch("second")
    await ctx.step.run("shaky", astumble, "shaky")
    return [*first, *second]


async def a_loop_in_a_task(ctx: durable.Context) -> list[str]:
    async def branch(mark: str) -> list[str]:
        return [await ctx.step.run("same", say, f"{mark} {n}") for n in range(2)]

    first, second = await asyncio.gather(branch("first"), branch("second"))
    await ctx.step.run("shaky", astumble, "shaky")
    return [*first, *second]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [grouped_twice, gathered_twice, a_loop_in_a_task])
def test_no_task_is_handed_anothers_result(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == ["first 0", "first 1", "second 0", "second 1"]
