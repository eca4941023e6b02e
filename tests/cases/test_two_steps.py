"""Two steps, one after the other: each body runs once, and the function returns."""

from __future__ import annotations

import durable
from tests.harness import Handler, Player, asay, journal, note, say, steps_of, sync_and_async


def two_steps(ctx: durable.ContextSync) -> list[str]:
    note("function")
    first = ctx.step.run("first", say, "first body")
    return [first, ctx.step.run("second", say, "second body")]


async def two_steps_async(ctx: durable.Context) -> list[str]:
    note("function")
    first = await ctx.step.run("first", asay, "first body")
    return [first, await ctx.step.run("second", asay, "second body")]


both = sync_and_async(two_steps, two_steps_async)


@both
def test_each_body_runs_once_and_in_order(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.result == ["first body", "second body"]
    assert journal == ["function", "first body", "second body"]


@both
def test_each_result_is_remembered(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert steps_of(run) == {"first": "done", "second": "done"}
    assert [step.result for step in run.steps.order_by("id")] == ["first body", "second body"]
