"""A context that outlives its run: a step called with it is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import durable
from durable.models import Step
from tests.harness import Player, asay, journal, say

kept: list[Any] = []


def keep(ctx: durable.ContextSync) -> None:
    kept[:] = [ctx]
    ctx.step.run("inside", say, "inside")


async def keep_async(ctx: durable.Context) -> None:
    kept[:] = [ctx]
    await ctx.step.run("inside", asay, "inside")


def call_late(ctx: durable.ContextSync) -> None:
    kept[0].step.run("late", say, "late")


def test_a_step_called_afterwards_is_refused(player: Player) -> None:
    player.play(keep)
    with pytest.raises(durable.DurableError, match="'late' was called outside of its run"):
        kept[0].step.run("late", say, "late")


def test_a_group_called_afterwards_is_refused(player: Player) -> None:
    player.play(keep)
    with pytest.raises(durable.DurableError, match=r"'group\.parallel' was called outside"):
        kept[0].group.parallel((lambda: kept[0].step.run("late", say, "late"),))


def test_an_async_step_awaited_afterwards_is_refused(player: Player) -> None:
    player.play(keep_async)
    with pytest.raises(durable.DurableError, match="'late' was called outside of its run"):
        asyncio.run(kept[0].step.run("late", asay, "late"))


def test_another_run_may_not_use_it_either(player: Player) -> None:
    player.play(keep)
    player.define(call_late, fn_id="thief", trigger=durable.TriggerEvent(event="case/thief"))
    run = player.settle(player.send(name="case/thief"))
    assert run.failure is not None
    assert run.failure["code"] == "step_outside_run"
    assert journal == ["inside"]
    assert Step.objects.filter(name="late").count() == 0
