"""Steps side by side: each body runs once, and the results come in the order of the branches."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, say, steps_of, sync_and_async


def side_by_side(ctx: durable.ContextSync) -> list[str]:
    results = ctx.group.parallel(
        (
            lambda: ctx.step.run("left", say, "left body"),
            lambda: ctx.step.run("right", say, "right body"),
        )
    )
    return [*results, ctx.step.run("last", say, "last body")]


async def side_by_side_async(ctx: durable.Context) -> list[str]:
    results = await ctx.group.parallel(
        (
            lambda: ctx.step.run("left", asay, "left body"),
            lambda: ctx.step.run("right", asay, "right body"),
        )
    )
    return [*results, await ctx.step.run("last", asay, "last body")]


def nothing_to_do(ctx: durable.ContextSync) -> int:
    return len(ctx.group.parallel(()))


async def nothing_to_do_async(ctx: durable.Context) -> int:
    return len(await ctx.group.parallel(()))


def branch_without_a_step(ctx: durable.ContextSync) -> list[object]:
    return list(ctx.group.parallel((lambda: 1, lambda: ctx.step.run("only", say, "body"))))


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(side_by_side, side_by_side_async)
def test_results_come_in_the_order_of_the_branches(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == ["left body", "right body", "last body"]
    assert set(journal[:2]) == {"left body", "right body"}
    assert journal[2:] == ["last body"]


@sync_and_async(side_by_side, side_by_side_async)
def test_each_step_is_remembered_once(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert steps_of(run) == {"left": "done", "right": "done", "last": "done"}


@sync_and_async(nothing_to_do, nothing_to_do_async)
def test_an_empty_group_has_an_empty_result(player: Player, handler: Handler) -> None:
    assert player.play(handler).result == 0


@pytest.mark.parametrize("mode", ParallelMode)
def test_a_branch_may_do_without_a_step(player: Player, mode: ParallelMode) -> None:
    run = player.play(branch_without_a_step, parallel_mode=mode)
    assert run.result == [1, "body"]
