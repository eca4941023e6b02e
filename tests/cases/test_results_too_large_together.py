"""The results of one run may take so much room and no more; the error names the limit and the setting."""

from __future__ import annotations

from django.test import override_settings

import durable
from tests.harness import Handler, Player, sync_and_async


def text(size: int) -> str:
    return "x" * size


async def atext(size: int) -> str:
    return text(size)


def three_texts(ctx: durable.ContextSync) -> str:
    for _ in range(3):
        ctx.step.run("text", text, ctx.event.data["size"])
    return "done"


async def three_texts_async(ctx: durable.Context) -> str:
    for _ in range(3):
        await ctx.step.run("text", atext, ctx.event.data["size"])
    return "done"


def three_at_once(ctx: durable.ContextSync) -> str:
    ctx.group.parallel(
        tuple(lambda: ctx.step.run("text", text, ctx.event.data["size"]) for _ in range(3))
    )
    return "done"


at_most_3000 = override_settings(DURABLE={"MAX_RUN_BYTES": 3000})


@at_most_3000
@sync_and_async(three_texts, three_texts_async)
def test_the_limit_itself_is_allowed(player: Player, handler: Handler) -> None:
    assert player.play(handler, {"size": 998}).result == "done"


@at_most_3000
@sync_and_async(three_texts, three_texts_async)
def test_one_byte_more_fails_the_run(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"size": 999})
    assert run.failure is not None
    assert run.failure["code"] == "limit_exceeded"
    assert "the limit is 3,000 (DURABLE['MAX_RUN_BYTES'])" in run.failure["message"]


@at_most_3000
def test_a_group_counts_too(player: Player) -> None:
    run = player.play(three_at_once, {"size": 999})
    assert run.failure is not None
    assert run.failure["code"] == "limit_exceeded"
