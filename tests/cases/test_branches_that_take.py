"""Branches take from a list of the function: each step has the argument it was planned with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import durable
from durable import ParallelMode
from tests.harness import Player, journal, note, say, stumble, sync_and_async

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])
ITEMS = [f"item {number}" for number in range(5)]


def as_argument(ctx: durable.ContextSync) -> list[str]:
    todo = list(ITEMS)
    take: Callable[[], str] = lambda: ctx.step.run("take", say, todo.pop(0))  # noqa: E731
    results = ctx.group.parallel((take,) * len(ITEMS))
    return [*results, ctx.step.run("shaky", stumble, "shaky")]


async def as_argument_async(ctx: durable.Context) -> list[str]:
    todo = list(ITEMS)

    async def take() -> str:
        return await ctx.step.run("take", say, todo.pop(0))

    results = await ctx.group.parallel((take,) * len(ITEMS))
    return [*results, await ctx.step.run("shaky", stumble, "shaky")]


@sync_and_async(as_argument, as_argument_async)
@MODES
@STRICT
def test_each_takes_its_own(player: Player, handler: Any, mode: ParallelMode, strict: bool) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == [*ITEMS, "shaky"]
    assert sorted(journal) == [*ITEMS, "shaky", "shaky"]


def in_nested_groups(ctx: durable.ContextSync) -> list[Any]:
    todo = list(ITEMS)

    def take() -> str:
        return ctx.step.run("take", say, todo.pop(0))

    def two() -> list[str]:
        return list(ctx.group.parallel((take, take)))

    return list(ctx.group.parallel((two, take, two)))


@MODES
@STRICT
def test_in_nested_groups_too(player: Player, mode: ParallelMode, strict: bool) -> None:
    run = player.play(in_nested_groups, parallel_mode=mode, strict=strict)
    assert run.result == [ITEMS[:2], ITEMS[2], ITEMS[3:]]
    assert sorted(journal) == ITEMS


def test_one_that_is_tried_again_gets_the_same(player: Player) -> None:
    def first_fails(item: str) -> str:
        note(item)
        if item == "item 3" and journal.count(item) == 1:
            raise ValueError(item)
        return item

    def takes(ctx: durable.ContextSync) -> list[str]:
        todo = list(ITEMS)
        take: Callable[[], str] = lambda: ctx.step.run("take", first_fails, todo.pop(0))  # noqa: E731
        return list(ctx.group.parallel((take,) * len(ITEMS)))

    run = player.play(takes)
    assert run.result == ITEMS
    assert sorted(journal) == sorted([*ITEMS, "item 3"])
