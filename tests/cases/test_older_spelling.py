"""The older spelling: a handler of two parameters, and `step.parallel`."""

from __future__ import annotations

import durable
from tests.harness import Handler, Player, asay, say, sync_and_async


def older(ctx: durable.ContextSync, step: durable.StepSync) -> list[str]:
    first = step.run("first", say, "first")
    both = step.parallel(
        (lambda: step.run("a", say, "a"), lambda: ctx.step.run("b", say, "b")),
    )
    return [first, *both]


async def older_async(ctx: durable.Context, step: durable.Step) -> list[str]:
    first = await step.run("first", asay, "first")
    both = await step.parallel(
        (lambda: step.run("a", asay, "a"), lambda: ctx.step.run("b", asay, "b")),
    )
    return [first, *both]


@sync_and_async(older, older_async)
def test_it_runs_like_the_new_one(player: Player, handler: Handler) -> None:
    assert player.play(handler).result == ["first", "a", "b"]
