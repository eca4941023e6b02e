"""Groups within groups within groups, much deeper than anybody needs."""

from __future__ import annotations

import asyncio

import pytest

import durable
from tests.harness import Handler, Player, say, sync_and_async


def deep(ctx: durable.ContextSync) -> int:
    def dig(levels: int) -> int:
        if not levels:
            return len(ctx.step.run("bottom", say, "bottom"))
        return ctx.group.parallel((lambda: dig(levels - 1),))[0] + 1

    return dig(ctx.event.data["levels"])


async def deep_async(ctx: durable.Context) -> int:
    async def dig(levels: int) -> int:
        if not levels:
            return len(await ctx.step.run("bottom", say, "bottom"))
        (below,) = await asyncio.gather(dig(levels - 1))
        return below + 1

    return await dig(ctx.event.data["levels"])


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("levels", [10, 80])
@sync_and_async(deep, deep_async)
def test_the_run_completes(player: Player, handler: Handler, levels: int, strict: bool) -> None:
    run = player.play(handler, {"levels": levels}, strict=strict)
    assert run.failure is None
    assert run.result == len("bottom") + levels
