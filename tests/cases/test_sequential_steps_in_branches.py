"""Branches of several steps: within a branch one goes after the other."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, say, sync_and_async


def chains(ctx: durable.ContextSync) -> list[str]:
    def chain(name: str) -> str:
        first = ctx.step.run(f"{name}1", say, f"{name}1")
        second = ctx.step.run(f"{name}2", say, f"{first} {name}2")
        return ctx.step.run(f"{name}3", say, f"{second} {name}3")

    return list(ctx.group.parallel((lambda: chain("a"), lambda: chain("b"))))


async def chains_async(ctx: durable.Context) -> list[str]:
    async def chain(name: str) -> str:
        first = await ctx.step.run(f"{name}1", asay, f"{name}1")
        second = await ctx.step.run(f"{name}2", asay, f"{first} {name}2")
        return await ctx.step.run(f"{name}3", asay, f"{second} {name}3")

    return list(await ctx.group.parallel((lambda: chain("a"), lambda: chain("b"))))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(chains, chains_async)
def test_each_branch_builds_on_its_own_results(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == ["a1 a2 a3", "b1 b2 b3"]
    assert sorted(journal) == ["a1", "a1 a2", "a1 a2 a3", "b1", "b1 b2", "b1 b2 b3"]
