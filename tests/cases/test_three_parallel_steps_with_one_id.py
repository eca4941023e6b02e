"""Three branches use the same step id: each has a result of its own."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, give, journal


async def agive(mark: str, value: int) -> int:
    return give(mark, value)


def in_a_group(ctx: durable.ContextSync) -> list[int]:
    return list(
        ctx.group.parallel(tuple(partial(ctx.step.run, "same", give, "body", n) for n in range(3)))
    )


async def in_an_async_group(ctx: durable.Context) -> list[int]:
    branches = tuple(partial(ctx.step.run, "same", agive, "body", n) for n in range(3))
    return list(await ctx.group.parallel(branches))


async def gathered(ctx: durable.Context) -> list[int]:
    return await asyncio.gather(*[ctx.step.run("same", agive, "body", n) for n in range(3)])


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [in_a_group, in_an_async_group, gathered])
def test_each_branch_gets_its_own_result(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == [0, 1, 2]
    assert journal == ["body", "body", "body"]
