"""Step ids may hold any text; each is kept as it is, and two that only look alike are two steps."""

from __future__ import annotations

from functools import partial

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, astumble, say, steps_of, stumble, sync_and_async

IDS = [
    *("with space", "trailing ", "Case", "case", "é", "e\u0301", "🎈", "ключ", "a:1", "0.1"),
    *("a\nb", "%s", "'; DROP TABLE", "x" * 255, "🎈" * 255, "\x1f", "null", "__proto__"),
]


def each(ctx: durable.ContextSync) -> list[str]:
    results = [ctx.step.run(name, say, name) for name in IDS]
    ctx.step.run("shaky", stumble, "shaky")
    return results


async def each_async(ctx: durable.Context) -> list[str]:
    results = [await ctx.step.run(name, say, name) for name in IDS]
    await ctx.step.run("shaky", astumble, "shaky")
    return results


def side_by_side(ctx: durable.ContextSync) -> list[str]:
    return list(ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in IDS)))


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [each, each_async, side_by_side])
def test_each_keeps_its_own_result(player: Player, handler: Handler, mode: ParallelMode) -> None:
    run = player.play(handler, parallel_mode=mode)
    assert run.failure is None
    assert run.result == IDS


@sync_and_async(each, each_async)
def test_each_is_kept_as_it_is(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert list(steps_of(run)) == [*IDS, "shaky"]


def repeated(ctx: durable.ContextSync) -> list[str]:
    return [
        ctx.step.run("a:1", say, "its own"),
        ctx.step.run("a", say, "first"),
        ctx.step.run("a", say, "second"),
    ]


def test_a_name_that_looks_like_a_repetition_is_none(player: Player) -> None:
    assert player.play(repeated).result == ["its own", "first", "second"]


@pytest.mark.parametrize("mode", ParallelMode)
def test_the_longest_id_may_repeat_and_fail(player: Player, mode: ParallelMode) -> None:
    """Its title is longer than the id, by the count of its repetition."""

    def handler(ctx: durable.ContextSync) -> list[str]:
        ctx.step.run("x" * 255, say, "first")
        second = ctx.step.run("x" * 255, stumble, "second")
        third = ctx.group.parallel((lambda: ctx.step.run("x" * 255, stumble, "third"),))
        return [second, *third]

    run = player.play(handler, parallel_mode=mode)
    assert run.failure is None
    assert run.result == ["second", "third"]
