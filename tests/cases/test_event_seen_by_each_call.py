"""Every call of the function sees the event as it was sent, whatever an earlier call did to it."""

from __future__ import annotations

from typing import Any

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, say, stumble, sync_and_async


def taker(ctx: Any) -> list[str]:
    last = ctx.event.data["items"].pop()
    ctx.event.data["seen"] = True
    ctx.step.run("first", say, "first")
    ctx.step.run("shaky", stumble, "shaky")
    ctx.group.parallel((lambda: ctx.step.run("in a group", say, "in a group"),))
    return [last, *ctx.event.data]


async def taker_async(ctx: Any) -> list[str]:
    last = ctx.event.data["items"].pop()
    ctx.event.data["seen"] = True
    await ctx.step.run("first", say, "first")
    await ctx.step.run("shaky", stumble, "shaky")
    await ctx.group.parallel((lambda: ctx.step.run("in a group", say, "in a group"),))
    return [last, *ctx.event.data]


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [True, False])
@sync_and_async(taker, taker_async)
def test_changes_do_not_reach_the_next_call(
    player: Player, handler: Handler, strict: bool, mode: ParallelMode
) -> None:
    run = player.play(handler, {"items": ["a", "b"]}, strict=strict, parallel_mode=mode)
    assert run.failure is None
    assert run.result == ["b", "items", "seen"]


def taker_of_one_step(ctx: Any) -> str:
    last: str = ctx.event.data["items"].pop()
    ctx.step.run("first", say, "first")
    return last


def test_changes_do_not_reach_a_call_that_follows_at_once(player: Player) -> None:
    run = player.play(taker_of_one_step, {"items": ["a", "b"]}, strict=True)
    assert run.result == "b"


def test_changes_do_not_reach_another_function(player: Player) -> None:
    player.define(taker, fn_id="taker")
    player.define(lambda ctx: list(ctx.event.data["items"]), fn_id="reader")
    event = durable.Event(name="case/started", data={"items": ["a", "b"]})
    durable.send(event)
    player.work()
    assert event.data == {"items": ["a", "b"]}
