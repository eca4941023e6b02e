"""WAIT: no branch takes its second step before every branch has done its first."""

from __future__ import annotations

import asyncio

import pytest

import durable
from tests.harness import Handler, Player, journal, say, stumble


def in_a_group(ctx: durable.ContextSync) -> None:
    times = ctx.event.data["failures"]
    ctx.group.parallel(
        (
            lambda: (ctx.step.run("a", say, "a"), ctx.step.run("b", say, "b")),
            lambda: (ctx.step.run("x", stumble, "x", times), ctx.step.run("y", say, "y")),
        )
    )


async def left(ctx: durable.Context) -> None:
    await ctx.step.run("a", say, "a")
    await ctx.step.run("b", say, "b")


async def right(ctx: durable.Context) -> None:
    await ctx.step.run("x", stumble, "x", ctx.event.data["failures"])
    await ctx.step.run("y", say, "y")


async def in_an_async_group(ctx: durable.Context) -> None:
    await ctx.group.parallel((lambda: left(ctx), lambda: right(ctx)))


async def gathered(ctx: durable.Context) -> None:
    await asyncio.gather(left(ctx), right(ctx))


async def in_a_task_group(ctx: durable.Context) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(left(ctx))
        tasks.create_task(right(ctx))


every_way = pytest.mark.parametrize(
    "handler", [in_a_group, in_an_async_group, gathered, in_a_task_group]
)


@pytest.mark.parametrize("strict", [True, False])
@every_way
def test_second_steps_come_after_all_first_steps(
    player: Player, handler: Handler, strict: bool
) -> None:
    player.play(handler, {"failures": 0}, strict=strict)
    assert set(journal[:2]) == {"a", "x"}
    assert set(journal[2:]) == {"b", "y"}


@every_way
def test_second_steps_wait_for_a_first_step_that_is_tried_again(
    player: Player, handler: Handler
) -> None:
    player.play(handler, {"failures": 1})
    assert set(journal[:2]) == {"a", "x"}
    assert journal[2] == "x"
    assert set(journal[3:]) == {"b", "y"}
