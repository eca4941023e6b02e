"""What asyncio offers for several things at once: wait, gather, task groups, time-outs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.models import Attempt
from tests.harness import Handler, Player, asay, astumble, journal, note, say, steps_of


async def never() -> None:
    await asyncio.Event().wait()


def fail() -> None:
    note("fails")
    raise durable.NonRetriableError("no luck")


async def first_completed(ctx: durable.Context) -> list[Any]:
    fast = asyncio.create_task(ctx.step.run("fast", asay, "fast"))
    slow = asyncio.create_task(ctx.step.run("slow", never))
    done, pending = await asyncio.wait({fast, slow}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return [task.result() for task in done]


async def first_exception(ctx: durable.Context) -> list[str]:
    bad = asyncio.create_task(ctx.step.run("bad", fail))
    slow = asyncio.create_task(ctx.step.run("slow", never))
    done, pending = await asyncio.wait({bad, slow}, return_when=asyncio.FIRST_EXCEPTION)
    for task in pending:
        task.cancel()
    return [str(task.exception()) for task in done]


async def as_completed(ctx: durable.Context) -> list[str]:
    steps = [ctx.step.run("step", asay, name) for name in ("a", "b", "c")]
    return sorted([await step for step in asyncio.as_completed(steps)])


async def gather_with_exceptions(ctx: durable.Context) -> list[str]:
    results = await asyncio.gather(
        ctx.step.run("bad", fail), ctx.step.run("good", asay, "good"), return_exceptions=True
    )
    await ctx.step.run("shaky", astumble, "shaky")
    return [str(result) for result in results]


async def caught_from_a_task_group(ctx: durable.Context) -> list[str]:
    caught: list[str] = []
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ctx.step.run("bad", fail))
            tasks.create_task(ctx.step.run("good", asay, "good"))
    except* durable.StepError as group:
        caught = [str(error) for error in group.exceptions]
    return [*caught, await ctx.step.run("shaky", astumble, "shaky")]


async def uncaught_from_a_task_group(ctx: durable.Context) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ctx.step.run("bad", fail))
        tasks.create_task(ctx.step.run("good", asay, "good"))


async def within_a_time_limit(ctx: durable.Context) -> str:
    async with asyncio.timeout(10):
        return await ctx.step.run("step", asay, "step")


async def beyond_a_time_limit(ctx: durable.Context) -> str:
    try:
        async with asyncio.timeout(0.01):
            await ctx.step.run("slow", never)
    except TimeoutError:
        return await ctx.step.run("plan b", asay, "plan b")
    return ""


async def shielded(ctx: durable.Context) -> str:
    return await asyncio.shield(ctx.step.run("step", asay, "step"))


async def through_a_queue(ctx: durable.Context) -> list[str]:
    queue: asyncio.Queue[str] = asyncio.Queue()

    async def produce() -> None:
        for name in ("a", "b"):
            await queue.put(await ctx.step.run("produce", asay, name))

    async def consume() -> list[str]:
        return [await ctx.step.run("consume", say, f"got {await queue.get()}") for _ in "ab"]

    _, consumed = await asyncio.gather(produce(), consume())
    return consumed


async def to_thread(ctx: durable.Context) -> int:
    number = await asyncio.to_thread(lambda: 41)
    return await ctx.step.run("add", lambda: number + 1)


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (first_completed, ["fast"]),
        (first_exception, ["no luck"]),
        (as_completed, ["a", "b", "c"]),
        (gather_with_exceptions, ["no luck", "good"]),
        (caught_from_a_task_group, ["no luck", "shaky"]),
        (within_a_time_limit, "step"),
        (beyond_a_time_limit, "plan b"),
        (shielded, "step"),
        (through_a_queue, ["got a", "got b"]),
        (to_thread, 42),
    ],
)
def test_it_works_with_steps(player: Player, handler: Handler, result: object) -> None:
    run = player.play(handler, parallel_mode=ParallelMode.RACE)
    assert run.failure is None
    assert run.result == result


@pytest.mark.parametrize(
    ("handler", "result"),
    [
        (as_completed, ["a", "b", "c"]),
        (gather_with_exceptions, ["no luck", "good"]),
        (caught_from_a_task_group, ["no luck", "shaky"]),
        (within_a_time_limit, "step"),
        (beyond_a_time_limit, "plan b"),
        (shielded, "step"),
        (through_a_queue, ["got a", "got b"]),
    ],
)
def test_it_works_with_waves_too(player: Player, handler: Handler, result: object) -> None:
    run = player.play(handler)
    assert run.failure is None
    assert run.result == result


def test_siblings_of_a_failed_task_finish_in_a_wave(player: Player) -> None:
    player.play(caught_from_a_task_group)
    assert journal.count("good") == 1


def test_a_task_group_fails_like_its_step(player: Player) -> None:
    """A step that failed for good is not made retriable by the group it comes out of."""
    run = player.play(uncaught_from_a_task_group)
    assert run.status == "failed"
    assert run.failure is not None
    assert "no luck" in str(run.failure)
    assert Attempt.objects.filter(run=run, key="").count() == 0
    assert steps_of(run)["bad"] == "failed"
