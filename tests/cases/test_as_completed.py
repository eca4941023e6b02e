"""`asyncio.as_completed` over the author's own coroutines: the same order in every call."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import durable
from durable import ParallelMode
from tests.harness import Player, asay


async def in_turn(ctx: durable.Context) -> list[Any]:
    async def one(number: int) -> str:
        return await ctx.step.run(f"r{number}", asay, f"r{number}")

    seen, handled = [], []
    for coming in asyncio.as_completed([one(number) for number in range(6)]):
        result = await coming
        seen.append(result)
        handled.append(await ctx.step.run("handle", asay, result))
        await ctx.step.sleep("pause", "1m")
    return [seen, handled]


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [False, True])
def test_each_result_is_handled_once(player: Player, mode: ParallelMode, strict: bool) -> None:
    run = player.play(in_turn, parallel_mode=mode, strict=strict)
    seen, handled = run.result
    assert seen == handled
    assert sorted(handled) == [f"r{number}" for number in range(6)]
