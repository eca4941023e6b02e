"""Branches write into a list of the function: in what it returns, each entry is there once."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, say, sync_and_async


def after_its_last_step(ctx: durable.ContextSync) -> list[str]:
    log: list[str] = []

    def short() -> None:
        log.append(ctx.step.run("short", say, "short"))

    def long() -> None:
        first = ctx.step.run("long 1", say, "long 1")
        log.append(f"{first}, {ctx.step.run('long 2', say, 'long 2')}")

    ctx.group.parallel((short, long))
    ctx.step.run("last", say, "last")
    return log


async def after_its_last_step_async(ctx: durable.Context) -> list[str]:
    log: list[str] = []

    async def short() -> None:
        log.append(await ctx.step.run("short", asay, "short"))

    async def long() -> None:
        first = await ctx.step.run("long 1", asay, "long 1")
        log.append(f"{first}, {await ctx.step.run('long 2', asay, 'long 2')}")

    await ctx.group.parallel((short, long))
    await ctx.step.run("last", asay, "last")
    return log


def before_and_between_steps(ctx: durable.ContextSync) -> list[str]:
    log: list[str] = []

    def branch() -> None:
        log.append("before")
        ctx.step.run("first", say, "first")
        log.append("between")
        ctx.step.run("second", say, "second")
        log.append("after")

    ctx.group.parallel((branch,))
    return log


async def before_and_between_steps_async(ctx: durable.Context) -> list[str]:
    log: list[str] = []

    async def branch() -> None:
        log.append("before")
        await ctx.step.run("first", asay, "first")
        log.append("between")
        await ctx.step.run("second", asay, "second")
        log.append("after")

    await ctx.group.parallel((branch,))
    return log


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(after_its_last_step, after_its_last_step_async)
def test_an_entry_made_when_the_branch_ends(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert sorted(run.result) == ["long 1, long 2", "short"]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(before_and_between_steps, before_and_between_steps_async)
def test_entries_made_before_and_between_steps(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == ["before", "between", "after"]
