"""An id used again is counted: every use is a step of its own."""

from __future__ import annotations

import durable
from tests.harness import (
    Handler,
    Player,
    asay,
    astumble,
    journal,
    say,
    steps_of,
    stumble,
    sync_and_async,
)


def in_a_loop(ctx: durable.ContextSync) -> list[str]:
    results = [ctx.step.run("turn", say, f"turn {number}") for number in range(3)]
    ctx.step.run("last", stumble, "last")
    return results


async def in_a_loop_async(ctx: durable.Context) -> list[str]:
    results = [await ctx.step.run("turn", asay, f"turn {number}") for number in range(3)]
    await ctx.step.run("last", astumble, "last")
    return results


def in_two_groups(ctx: durable.ContextSync) -> list[str]:
    def pair(marks: str) -> tuple[str, str]:
        return ctx.group.parallel(
            (
                lambda: ctx.step.run("same", say, f"left {marks}"),
                lambda: ctx.step.run("same", say, f"right {marks}"),
            )
        )

    return [*pair("first"), *pair("second")]


async def in_two_groups_async(ctx: durable.Context) -> list[str]:
    async def pair(marks: str) -> tuple[str, str]:
        return await ctx.group.parallel(
            (
                lambda: ctx.step.run("same", asay, f"left {marks}"),
                lambda: ctx.step.run("same", asay, f"right {marks}"),
            )
        )

    return [*await pair("first"), *await pair("second")]


@sync_and_async(in_a_loop, in_a_loop_async)
def test_each_turn_of_a_loop_is_a_step(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.result == ["turn 0", "turn 1", "turn 2"]
    assert journal == ["turn 0", "turn 1", "turn 2", "last", "last"]


@sync_and_async(in_a_loop, in_a_loop_async)
def test_the_count_is_part_of_the_title(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert list(steps_of(run)) == ["turn", "turn:1", "turn:2", "last"]


@sync_and_async(in_two_groups, in_two_groups_async)
def test_a_second_group_counts_on(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.result == ["left first", "right first", "left second", "right second"]
