"""A run may have so many steps and no more; the error names the limit and the setting."""

from __future__ import annotations

from django.test import override_settings

import durable
from tests.harness import Handler, Player, asay, journal, say, stumble, sync_and_async


def loop(ctx: durable.ContextSync) -> int:
    for number in range(ctx.event.data["steps"]):
        ctx.step.run("turn", say, f"turn {number}")
    return int(ctx.event.data["steps"])


async def loop_async(ctx: durable.Context) -> int:
    for number in range(ctx.event.data["steps"]):
        await ctx.step.run("turn", asay, f"turn {number}")
    return int(ctx.event.data["steps"])


def group(ctx: durable.ContextSync) -> int:
    numbers = range(ctx.event.data["steps"])
    return len(
        ctx.group.parallel(tuple(lambda: ctx.step.run("turn", say, "turn") for _ in numbers))
    )


def last_one_stumbles(ctx: durable.ContextSync) -> str:
    ctx.step.run("first", say, "first")
    return ctx.step.run("last", stumble, "last")


at_most_three = override_settings(DURABLE={"MAX_STEPS": 3})
at_most_two = override_settings(DURABLE={"MAX_STEPS": 2})


@at_most_three
@sync_and_async(loop, loop_async)
def test_the_limit_itself_is_allowed(player: Player, handler: Handler) -> None:
    assert player.play(handler, {"steps": 3}).result == 3


@at_most_three
@sync_and_async(loop, loop_async)
def test_the_step_beyond_it_fails_the_run(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"steps": 4})
    assert run.failure is not None
    assert run.failure["code"] == "limit_exceeded"
    assert "step 'turn:3' would be number 4" in run.failure["message"]
    assert "the limit is 3 (DURABLE['MAX_STEPS'])" in run.failure["message"]
    assert journal == ["turn 0", "turn 1", "turn 2"]


@at_most_three
def test_a_group_beyond_it_starts_nothing(player: Player) -> None:
    run = player.play(group, {"steps": 4})
    assert run.failure is not None
    assert run.failure["code"] == "limit_exceeded"
    assert journal == []


@at_most_two
def test_a_step_that_is_tried_again_counts_once(player: Player) -> None:
    assert player.play(last_one_stumbles).result == "last"
