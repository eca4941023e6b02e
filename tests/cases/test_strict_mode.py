"""Strict mode: one step for each call of the function, counted exactly as Inngest counts."""

from __future__ import annotations

import pytest
from django.test import override_settings

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, note, say, sync_and_async


def two_by_two(ctx: durable.ContextSync) -> None:
    note("call")
    ctx.group.parallel(
        (
            lambda: (ctx.step.run("a", say, "a"), ctx.step.run("b", say, "b")),
            lambda: (ctx.step.run("x", say, "x"), ctx.step.run("y", say, "y")),
        )
    )


async def two_by_two_async(ctx: durable.Context) -> None:
    note("call")

    async def left() -> None:
        await ctx.step.run("a", asay, "a")
        await ctx.step.run("b", asay, "b")

    async def right() -> None:
        await ctx.step.run("x", asay, "x")
        await ctx.step.run("y", asay, "y")

    await ctx.group.parallel((left, right))


def one_after_the_other(ctx: durable.ContextSync) -> None:
    note("call")
    for name in "abc":
        ctx.step.run(name, say, name)


async def one_after_the_other_async(ctx: durable.Context) -> None:
    note("call")
    for name in "abc":
        await ctx.step.run(name, asay, name)


def three_and_one(ctx: durable.ContextSync) -> None:
    note("call")
    ctx.group.parallel(
        (
            lambda: ctx.step.run("a", say, "a"),
            lambda: ctx.step.run("b", say, "b"),
            lambda: ctx.step.run("c", say, "c"),
        )
    )
    ctx.step.run("last", say, "last")


async def three_and_one_async(ctx: durable.Context) -> None:
    note("call")
    await ctx.group.parallel(
        (
            lambda: ctx.step.run("a", asay, "a"),
            lambda: ctx.step.run("b", asay, "b"),
            lambda: ctx.step.run("c", asay, "c"),
        )
    )
    await ctx.step.run("last", asay, "last")


@pytest.mark.parametrize(("mode", "calls"), [(ParallelMode.WAIT, 7), (ParallelMode.RACE, 9)])
@sync_and_async(two_by_two, two_by_two_async)
def test_two_branches_of_two_steps(
    player: Player, handler: Handler, mode: ParallelMode, calls: int
) -> None:
    player.play(handler, strict=True, parallel_mode=mode)
    assert journal.count("call") == calls


@sync_and_async(one_after_the_other, one_after_the_other_async)
def test_n_steps_take_n_plus_one_calls(player: Player, handler: Handler) -> None:
    player.play(handler, strict=True)
    assert journal == ["call", "a", "call", "b", "call", "c", "call"]


@sync_and_async(three_and_one, three_and_one_async)
def test_three_branches_and_a_step_take_six(player: Player, handler: Handler) -> None:
    """One plans, three run a step each, one runs the last step, one returns."""
    player.play(handler, strict=True)
    assert journal.count("call") == 6


@sync_and_async(one_after_the_other, one_after_the_other_async)
def test_it_may_be_the_setting(player: Player, handler: Handler) -> None:
    with override_settings(DURABLE={"STRICT": True}):
        player.play(handler)
    assert journal.count("call") == 4


@sync_and_async(one_after_the_other, one_after_the_other_async)
def test_the_function_overrules_the_setting(player: Player, handler: Handler) -> None:
    with override_settings(DURABLE={"STRICT": True}):
        player.play(handler, strict=False)
    assert journal.count("call") == 1
