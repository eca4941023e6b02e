"""What a function decides by which of several things came first, it decides again in every later call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, astumble, journal, note, steps_of

HOUR = timedelta(hours=1)
BOTH = pytest.mark.parametrize("mode", ParallelMode)


async def decide(ctx: durable.Context, seen: str) -> str:
    """Do something that depends on what was seen, and have the function be called again after it."""
    note(f"saw {seen}")
    await ctx.step.run(f"do-{seen}", asay, seen)
    await ctx.step.sleep("later", 10 * HOUR)
    return seen


def names(tasks: Iterable[asyncio.Task[Any]]) -> str:
    return "".join(sorted(task.get_name() for task in tasks))


def branches(ctx: durable.Context, *, failing: str) -> list[asyncio.Task[Any]]:
    """Make three steps side by side, one of which fails for good."""
    return [
        asyncio.create_task(
            ctx.step.run(name, astumble, name, 99 if name == failing else 0), name=name
        )
        for name in ("a", "b", "c")
    ]


async def by_the_first_exception(ctx: durable.Context) -> str:
    done, _ = await asyncio.wait(branches(ctx, failing="b"), return_when=asyncio.FIRST_EXCEPTION)
    return await decide(ctx, names(done))


async def by_a_gather_that_fails(ctx: durable.Context) -> str:
    tasks = branches(ctx, failing="b")
    try:
        await asyncio.gather(*tasks)
    except durable.StepError:
        return await decide(ctx, names(task for task in tasks if task.done()))
    raise AssertionError


async def by_a_task_group_that_fails(ctx: durable.Context) -> str:
    tasks: list[asyncio.Task[Any]] = []
    try:
        async with asyncio.TaskGroup() as group:
            for name in ("a", "b", "c"):
                step = ctx.step.run(name, astumble, name, 99 if name == "b" else 0)
                tasks.append(group.create_task(step, name=name))
    except* durable.StepError:
        pass
    return await decide(ctx, "cancelled-" + names(one for one in tasks if one.cancelled()))


@pytest.mark.parametrize(
    "handler", [by_the_first_exception, by_a_gather_that_fails, by_a_task_group_that_fails]
)
@BOTH
def test_by_a_failure_after_all_its_tries(
    player: Player, handler: Handler, mode: ParallelMode
) -> None:
    run = player.play(handler, parallel_mode=mode)
    assert_one_decision(run)


async def by_branches_of_unequal_length(ctx: durable.Context) -> str:
    async def nap_and_work() -> None:
        await ctx.step.sleep("one-hour", HOUR)
        await ctx.step.run("work", asay, "work")

    async def nap() -> None:
        await ctx.step.sleep("longer", 1.5 * HOUR)

    tasks = [asyncio.create_task(nap_and_work(), name="a"), asyncio.create_task(nap(), name="b")]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    return await decide(ctx, names(done))


async def by_a_time_limit(ctx: durable.Context) -> str:
    async def branch(name: str, hours: float) -> str:
        await ctx.step.sleep(f"nap-{name}", hours * HOUR)
        return await ctx.step.run(name, asay, name)

    came = ""
    naps = [branch("a", 3), branch("b", 1), branch("c", 2)]
    try:
        for one in asyncio.as_completed(naps, timeout=1.5 * HOUR.total_seconds()):
            came += await one
            await ctx.step.run(f"handle-{came}", asay, came)
    except TimeoutError:
        came += "-late"
    return await decide(ctx, came)


@pytest.mark.parametrize("handler", [by_branches_of_unequal_length, by_a_time_limit])
@pytest.mark.parametrize("strict", [False, True])
def test_by_who_was_first_of_racers(player: Player, handler: Handler, strict: bool) -> None:
    run = player.play(handler, parallel_mode=ParallelMode.RACE, strict=strict)
    assert_one_decision(run)


def assert_one_decision(run: Any) -> None:
    assert run.failure is None
    decisions = {word for word in journal if word.startswith("saw ")}
    assert decisions == {f"saw {run.result}"}
    assert [name for name in steps_of(run) if name.startswith("do-")] == [f"do-{run.result}"]
