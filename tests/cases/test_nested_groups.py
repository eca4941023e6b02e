"""Groups within branches of groups, with steps before and after them."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, say, stumble, sync_and_async


def nested(ctx: durable.ContextSync) -> list[object]:
    def left() -> list[object]:
        before = ctx.step.run("before", say, "left before")
        inner = ctx.group.parallel(
            (
                lambda: ctx.step.run("inner", say, "left inner 0"),
                lambda: ctx.step.run("inner", stumble, "left inner 1"),
            )
        )
        return [before, *inner, ctx.step.run("after", say, "left after")]

    def right() -> list[object]:
        return list(
            ctx.group.parallel(
                (
                    lambda: ctx.step.run("inner", say, "right inner 0"),
                    lambda: ctx.step.run("inner", say, "right inner 1"),
                )
            )
        )

    return [*ctx.group.parallel((left, right)), ctx.step.run("end", say, "end")]


async def nested_async(ctx: durable.Context) -> list[object]:
    async def left() -> list[object]:
        before = await ctx.step.run("before", asay, "left before")
        inner = await ctx.group.parallel(
            (
                lambda: ctx.step.run("inner", asay, "left inner 0"),
                lambda: ctx.step.run("inner", stumble, "left inner 1"),
            )
        )
        return [before, *inner, await ctx.step.run("after", asay, "left after")]

    async def right() -> list[object]:
        return list(
            await ctx.group.parallel(
                (
                    lambda: ctx.step.run("inner", asay, "right inner 0"),
                    lambda: ctx.step.run("inner", asay, "right inner 1"),
                )
            )
        )

    return [*await ctx.group.parallel((left, right)), await ctx.step.run("end", asay, "end")]


RESULT = [
    ["left before", "left inner 0", "left inner 1", "left after"],
    ["right inner 0", "right inner 1"],
    "end",
]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(nested, nested_async)
def test_results_keep_the_shape_of_the_groups(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == RESULT


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(nested, nested_async)
def test_only_the_body_that_failed_runs_again(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    player.play(handler, parallel_mode=mode, strict=strict)
    assert sorted(journal) == sorted([*RESULT[0], *RESULT[1], "left inner 1", "end"])
