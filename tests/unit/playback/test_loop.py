"""Async functions: waves without a word about them, and what becomes of tasks when a call ends."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.playback.interrupt import Parked, Targeted
from durable.playback.outcome import Finished, Interrupted, Raised
from tests.unit.playback.performer import Handler, MemoryPerformer, call, done

ran: list[str] = []


async def body(mark: str) -> str:
    ran.append(mark)
    return mark


async def fail() -> None:
    raise ValueError("no luck")


@pytest.fixture(autouse=True)
def fresh() -> None:
    ran.clear()


async def chain(ctx: durable.Context, *names: str) -> str:
    return "".join([await ctx.step.run(name, body, name) for name in names])


async def grouped(ctx: durable.Context) -> list[str]:
    branches = (partial(chain, ctx, "a", "b"), partial(chain, ctx, "x", "y"))
    return list(await ctx.group.parallel(branches))


async def gathered(ctx: durable.Context) -> list[str]:
    return list(await asyncio.gather(chain(ctx, "a", "b"), chain(ctx, "x", "y")))


async def in_a_task_group(ctx: durable.Context) -> list[str]:
    async with asyncio.TaskGroup() as tasks:
        left = tasks.create_task(chain(ctx, "a", "b"))
        right = tasks.create_task(chain(ctx, "x", "y"))
    return [left.result(), right.result()]


async def in_tasks(ctx: durable.Context) -> list[str]:
    left = asyncio.create_task(chain(ctx, "a", "b"))
    right = asyncio.ensure_future(chain(ctx, "x", "y"))
    return [await left, await right]


every_way = pytest.mark.parametrize("handler", [grouped, gathered, in_a_task_group, in_tasks])


@every_way
def test_waves_are_recorded_together(handler: Handler) -> None:
    performer = MemoryPerformer()
    assert call(handler, performer=performer) == Finished(["ab", "xy"])
    assert performer.recorded == [["a", "x"], ["b", "y"]]


@every_way
def test_a_race_has_no_waves(handler: Handler) -> None:
    assert call(handler, mode=ParallelMode.RACE) == Finished(["ab", "xy"])
    assert sorted(ran) == ["a", "b", "x", "y"]


@every_way
def test_when_all_is_remembered_nothing_runs(handler: Handler) -> None:
    first = MemoryPerformer()
    call(handler, performer=first)
    ran.clear()
    assert call(handler, *first.tape.memos.values()) == Finished(["ab", "xy"])
    assert ran == []


@every_way
def test_in_strict_mode_a_wave_is_planned(handler: Handler) -> None:
    performer = MemoryPerformer(helps=False)
    call(handler, performer=performer, strict=True)
    assert (performer.waves, ran) == ([["a", "x"]], [])


@every_way
def test_a_targeted_call_runs_its_target_only(handler: Handler) -> None:
    first = MemoryPerformer()
    call(handler, performer=first)
    ran.clear()
    keys = list(first.tape.memos)
    outcome = call(handler, targets={keys[1]})
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Targeted)
    assert ran == ["x"]


def test_parking_ends_the_tasks_and_runs_their_finally_blocks() -> None:
    async def handler(ctx: durable.Context) -> None:
        async def careful() -> None:
            try:
                await ctx.step.run("shaky", fail)
            finally:
                await asyncio.sleep(0)
                ran.append("cleaned")

        async def waits() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                ran.append("told to end")
                raise

        await asyncio.gather(careful(), waits())

    outcome = call(handler, performer=MemoryPerformer(retries=1))
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Parked)
    assert sorted(ran) == ["cleaned", "told to end"]


def test_tasks_left_behind_are_ended_when_the_function_returns() -> None:
    async def handler(ctx: durable.Context) -> str:
        async def background() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ran.append("ended")

        task = asyncio.create_task(background())
        await ctx.step.run("a", body, "a")
        assert not task.done()
        return "done"

    assert call(handler) == Finished("done")
    assert ran == ["a", "ended"]


def test_code_may_wait_for_other_things_than_steps() -> None:
    async def handler(ctx: durable.Context) -> list[str]:
        await asyncio.sleep(0.001)
        reader, writer = await asyncio.gather(
            asyncio.to_thread(lambda: "thread"), ctx.step.run("a", body, "a")
        )
        return [reader, writer]

    assert call(handler) == Finished(["thread", "a"])


def test_a_step_awaited_twice_is_refused() -> None:
    async def handler(ctx: durable.Context) -> None:
        step = ctx.step.run("a", body, "a")
        await step
        await step

    outcome = call(handler)
    assert isinstance(outcome, Raised)
    assert outcome.failure.message == (
        "Step 'a' was awaited twice. Await it once and keep the result."
    )


def test_a_step_never_awaited_is_named() -> None:
    async def handler(ctx: durable.Context) -> str:
        ctx.step.run("forgotten", body, "x")
        return "done"

    outcome = call(handler)
    assert isinstance(outcome, Raised)
    assert outcome.failure.code == "step_not_awaited"
    assert "Step 'forgotten' was called but never awaited" in outcome.failure.message


def test_an_error_before_a_step_is_awaited_is_the_outcome() -> None:
    async def handler(ctx: durable.Context) -> Any:
        def price() -> int:
            raise ConnectionError("the price list does not answer")

        step = ctx.step.run("a", body, "a")
        return await asyncio.gather(step, ctx.step.run(f"b for {price()}", body, "b"))

    outcome = call(handler)
    assert isinstance(outcome, Raised)
    assert outcome.failure.name == "ConnectionError"
    assert outcome.failure.is_retriable is True


def test_identity_is_given_where_a_step_is_awaited() -> None:
    async def handler(ctx: durable.Context) -> list[str]:
        second = ctx.step.run("same", body, "made first")
        first = await ctx.step.run("same", body, "awaited first")
        return [first, await second]

    assert call(handler, done("same", "old")) == Finished(["old", "made first"])


def test_a_function_that_cancels_itself_fails() -> None:
    async def handler(ctx: durable.Context) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    outcome = call(handler)
    assert isinstance(outcome, Raised)
    assert outcome.failure.name == "CancelledError"


def test_an_async_generator_is_closed() -> None:
    async def handler(ctx: durable.Context) -> str:
        async def numbers() -> Any:
            try:
                yield 1
                yield 2
            finally:
                ran.append("closed")

        async for number in numbers():
            return await ctx.step.run("a", body, f"got {number}")
        return ""

    assert call(handler) == Finished("got 1")
    assert "closed" in ran
