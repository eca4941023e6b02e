"""A deploy changes a function's options while runs are in flight: they go on, and no body runs twice."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from durable.authoring.registry import Registry
from tests.harness import Handler, Player, asay, journal, say, sync_and_async


def chains(ctx: durable.ContextSync) -> list[str]:
    def chain(first: str, second: str) -> str:
        return ctx.step.run(first, say, first) + ctx.step.run(second, say, second)

    return list(ctx.group.parallel((lambda: chain("a", "b"), lambda: chain("x", "y"))))


async def chains_async(ctx: durable.Context) -> list[str]:
    async def chain(first: str, second: str) -> str:
        return await ctx.step.run(first, asay, first) + await ctx.step.run(second, asay, second)

    return list(await ctx.group.parallel((lambda: chain("a", "b"), lambda: chain("x", "y"))))


@pytest.mark.parametrize("after", ParallelMode)
@pytest.mark.parametrize("before", ParallelMode)
@pytest.mark.parametrize("turns", [1, 2, 3])
@sync_and_async(chains, chains_async)
def test_strict_mode_may_be_switched_off(
    player: Player,
    fresh_registry: Registry,
    handler: Handler,
    turns: int,
    before: ParallelMode,
    after: ParallelMode,
) -> None:
    player.define(handler, strict=True, parallel_mode=before)
    run = player.send()
    for _ in range(turns):
        player.worker.take_one()
    fresh_registry.restore(Registry())
    player.define(handler, parallel_mode=after)
    assert player.settle(run).result == ["ab", "xy"]
    assert sorted(journal) == ["a", "b", "x", "y"]


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("turns", [1, 2, 3])
@sync_and_async(chains, chains_async)
def test_strict_mode_may_be_switched_on(
    player: Player,
    fresh_registry: Registry,
    handler: Handler,
    turns: int,
    mode: ParallelMode,
) -> None:
    player.define(handler, parallel_mode=mode)
    run = player.send()
    for _ in range(turns):
        player.worker.take_one()
    fresh_registry.restore(Registry())
    player.define(handler, strict=True, parallel_mode=mode)
    assert player.settle(run).result == ["ab", "xy"]
    assert sorted(journal) == ["a", "b", "x", "y"]
