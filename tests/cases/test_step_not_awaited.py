"""An async step that nobody awaits: its body would not run, so the run fails and says so."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

import durable
from tests.harness import Handler, Player, asay, journal


async def forgotten(ctx: durable.Context) -> str:
    ctx.step.run("forgotten", asay, "body")
    return "done"


async def forgotten_before_another(ctx: durable.Context) -> str:
    ctx.step.run("forgotten", asay, "body")
    return await ctx.step.run("last", asay, "last")


async def forgotten_task(ctx: durable.Context) -> str:
    asyncio.create_task(ctx.step.run("forgotten", asay, "body"))  # noqa: RUF006 - the mistake
    return "done"


async def twice(ctx: durable.Context) -> str:
    step = ctx.step.run("twice", asay, "body")
    await step
    return await step


@pytest.mark.parametrize("handler", [forgotten, forgotten_before_another])
def test_the_run_fails_and_names_the_step(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "step_not_awaited"
    assert run.failure["message"].startswith("Step 'forgotten' was called but never awaited")


def test_a_step_awaited_twice_is_refused(player: Player) -> None:
    run = player.play(twice)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert "Step 'twice' was awaited twice" in run.failure["message"]
    assert journal == ["body"]


def test_a_step_that_was_given_up_is_not_forgotten(player: Player) -> None:
    async def handler(ctx: durable.Context) -> str:
        async def never() -> None:
            await asyncio.Event().wait()

        slow = asyncio.create_task(ctx.step.run("slow", never))
        fast = await ctx.step.run("fast", asay, "fast")
        slow.cancel()
        with suppress(asyncio.CancelledError):
            await slow
        return fast

    run = player.play(handler, parallel_mode=durable.ParallelMode.RACE)
    assert run.failure is None
    assert run.result == "fast"
