"""`ctx.attempt` counts the failed tries of what runs: of a step, or of a stretch of the function."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import ModuleType

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, journal, note, sync_and_async


def fail_once(mark: str) -> None:
    if mark not in journal:
        note(mark)
        raise ValueError(mark)


def stretches(ctx: durable.ContextSync) -> None:
    def a() -> None:
        note(f"a sees {ctx.attempt}")
        fail_once("a fails")

    def b() -> None:
        note(f"b sees {ctx.attempt}")

    ctx.step.run("a", a)
    note(f"code sees {ctx.attempt}")
    fail_once("code fails")
    ctx.step.run("b", b)
    note(f"end sees {ctx.attempt}")


async def stretches_async(ctx: durable.Context) -> None:
    async def a() -> None:
        note(f"a sees {ctx.attempt}")
        fail_once("a fails")

    async def b() -> None:
        note(f"b sees {ctx.attempt}")

    await ctx.step.run("a", a)
    note(f"code sees {ctx.attempt}")
    fail_once("code fails")
    await ctx.step.run("b", b)
    note(f"end sees {ctx.attempt}")


def calls(ctx: durable.ContextSync) -> None:
    note(f"attempt {ctx.attempt}")
    ctx.step.run("a", fail_once, "a fails")
    fail_once("code fails")
    ctx.step.run("b", note, "b")


async def calls_async(ctx: durable.Context) -> None:
    note(f"attempt {ctx.attempt}")
    await ctx.step.run("a", fail_once, "a fails")
    fail_once("code fails")
    await ctx.step.run("b", note, "b")


@sync_and_async(stretches, stretches_async)
def test_each_stretch_counts_for_itself(player: Player, handler: Handler) -> None:
    player.play(handler, retries=2)
    assert journal == [
        *("a sees 0", "a fails"),
        *("a sees 1", "code sees 0", "code fails"),
        *("code sees 1", "b sees 1", "end sees 0"),
    ]


@sync_and_async(calls, calls_async)
def test_in_strict_mode_each_call_sees_what_inngest_shows(player: Player, handler: Handler) -> None:
    player.play(handler, retries=2, strict=True)
    assert journal == [
        *("attempt 0", "a fails"),
        *("attempt 1",),
        *("attempt 0", "code fails"),
        *("attempt 1", "b"),
        *("attempt 0",),
    ]


@sync_and_async(stretches, stretches_async)
def test_every_stretch_has_all_of_its_tries(player: Player, handler: Handler) -> None:
    assert player.play(handler, retries=1).failure is None


@pytest.mark.parametrize("mode", ParallelMode)
def test_each_step_of_a_group_counts_for_itself(player: Player, mode: ParallelMode) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        def body(name: str, failures: int) -> None:
            note(f"{name} sees {ctx.attempt}")
            if ctx.attempt < failures:
                raise ValueError(name)

        ctx.group.parallel(
            (
                lambda: ctx.step.run("sure", body, "sure", 0),
                lambda: ctx.step.run("shaky", body, "shaky", 2),
            )
        )

    player.play(handler, parallel_mode=mode)
    assert [mark for mark in journal if mark.startswith("sure")] == ["sure sees 0"]
    assert [mark for mark in journal if mark.startswith("shaky")] == [
        *("shaky sees 0", "shaky sees 1", "shaky sees 2"),
    ]


def test_async_steps_at_the_same_time_see_their_own(player: Player, clock: ModuleType) -> None:
    async def handler(ctx: durable.Context) -> None:
        async def body(name: str, failures: int, after: int) -> None:
            await asyncio.sleep(0)
            note(f"{name} sees {ctx.attempt}")
            if ctx.attempt < failures:
                raise durable.RetryAfterError(name, after)

        await asyncio.gather(
            ctx.step.run("once", body, "once", 1, 60_000),
            ctx.step.run("twice", body, "twice", 2, 1_000),
        )

    player.define(handler)
    run = player.send()
    player.work()
    player.jump()
    player.work()
    clock.travel(timedelta(minutes=2))
    player.settle(run)
    assert journal == [
        *("once sees 0", "twice sees 0"),
        *("twice sees 1",),
        *("once sees 1", "twice sees 2"),
    ]


def test_an_async_step_sees_its_own_while_another_ends(player: Player) -> None:
    async def handler(ctx: durable.Context) -> None:
        async def quick() -> None:
            fail_once("quick fails")

        async def patient() -> None:
            fail_once("patient fails")
            await asyncio.sleep(0.01)  # the loop is idle, so what has ended is recorded now
            note(f"patient sees {ctx.attempt}")

        await asyncio.gather(ctx.step.run("quick", quick), ctx.step.run("patient", patient))

    player.play(handler)
    assert journal[-1] == "patient sees 1"
