"""What asyncio offers that has to do with time, over steps that last for hours: by the durable clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable import clock as durable_clock
from durable.models import Run
from tests.harness import Handler, Player, asay, astumble, journal, note, say, steps_of

HOUR = timedelta(hours=1)
MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


async def timed_out(ctx: durable.Context) -> str:
    try:
        async with asyncio.timeout(3600):
            await ctx.step.sleep("x", 5 * HOUR)
    except TimeoutError:
        await ctx.step.run("shaky", astumble, "shaky")
        return "too late"
    return "in time"


async def waited_for(ctx: durable.Context) -> str:
    try:
        await asyncio.wait_for(ctx.step.sleep("x", 5 * HOUR), 3600)
    except TimeoutError:
        await ctx.step.run("shaky", astumble, "shaky")
        return "too late"
    return "in time"


async def waited(ctx: durable.Context) -> str:
    task = asyncio.create_task(ctx.step.sleep("x", 5 * HOUR))
    done, pending = await asyncio.wait({task}, timeout=3600)
    for one in pending:
        one.cancel()
    await ctx.step.run("shaky", astumble, "shaky")
    return "in time" if done else "too late"


async def slept(ctx: durable.Context) -> str:
    task = asyncio.create_task(ctx.step.sleep("x", 5 * HOUR))
    await asyncio.sleep(3600)
    task.cancel()
    await ctx.step.run("shaky", astumble, "shaky")
    return "too late"


async def in_a_branch(ctx: durable.Context) -> str:
    results = await ctx.group.parallel((lambda: timed_out(ctx), lambda: ctx.step.sleep("y", 5)))
    return str(results[0])


LIMITS = pytest.mark.parametrize("handler", [timed_out, waited_for, waited, slept, in_a_branch])


@LIMITS
@MODES
@STRICT
def test_a_time_limit_is_kept_though_the_run_rests(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    begun = durable_clock.now()
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.failure is None
    assert run.result == "too late"
    assert journal == ["shaky", "shaky"]
    assert HOUR <= durable_clock.now() - begun < HOUR + timedelta(minutes=2)
    assert {title: steps_of(run)[title] for title in ("x", "timer")} == {
        "x": "cancelled",
        "timer": "done",
    }


@LIMITS
def test_nothing_is_held_meanwhile(player: Player, handler: Handler) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert (run.status, run.owner) == ("waiting", None)
    assert steps_of(run)["timer"] == "pending"


@LIMITS
def test_a_limit_is_not_early(player: Player, handler: Handler, clock: ModuleType) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    clock.travel(HOUR - timedelta(seconds=2))
    player.work()
    assert journal == []
    clock.travel(timedelta(seconds=4))
    player.work()
    assert journal == ["shaky"]
    assert player.settle(run).result == "too late"


async def in_time(ctx: durable.Context) -> str:
    async with asyncio.timeout(3600):
        await ctx.step.sleep("x", HOUR / 2)
    await ctx.step.sleep("y", 2 * HOUR)
    return await ctx.step.run("after", asay, "after")


@MODES
@STRICT
def test_a_timer_that_is_not_needed_any_more_is_given_up(
    player: Player, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(in_time, parallel_mode=mode, strict=strict)
    assert (run.failure, run.result) == (None, "after")
    assert steps_of(run) == {"x": "done", "timer": "cancelled", "y": "done", "after": "done"}


def test_time_goes_on_while_a_failed_step_waits_for_its_retry(player: Player) -> None:
    async def limited(ctx: durable.Context) -> str:
        try:
            async with asyncio.timeout(20):
                return await ctx.step.run("shaky", astumble, "shaky", 3)
        except TimeoutError:
            return "too late"

    begun = durable_clock.now()
    run = player.play(limited)
    assert run.result == "too late"
    assert durable_clock.now() - begun < timedelta(seconds=21)


def test_a_sleep_of_the_code_is_one_of_the_run(player: Player) -> None:
    async def sleeper(ctx: durable.Context) -> str:
        await asyncio.sleep(3600)
        await asyncio.sleep(3600)
        note("awake")
        return await ctx.step.run("shaky", astumble, "shaky")

    begun = durable_clock.now()
    run = player.play(sleeper)
    assert run.result == "shaky"
    assert durable_clock.now() - begun >= 2 * HOUR
    assert steps_of(run) == {"timer": "done", "timer:1": "done", "shaky": "done"}


def test_a_short_sleep_of_the_code_is_just_that(player: Player) -> None:
    async def sleeper(ctx: durable.Context) -> str:
        await asyncio.sleep(0.01)
        return await ctx.step.run("step", asay, "step")

    run = player.play(sleeper)
    assert (run.result, steps_of(run)) == ("step", {"step": "done"})


def test_a_short_limit_is_kept_over_a_step_that_rests(player: Player) -> None:
    async def limited(ctx: durable.Context) -> str:
        try:
            async with asyncio.timeout(0.05):
                await ctx.step.sleep("x", 5 * HOUR)
        except TimeoutError:
            await ctx.step.run("shaky", astumble, "shaky")
            return "too late"
        return "in time"

    run = player.play(limited)
    assert (run.result, steps_of(run)["x"]) == ("too late", "cancelled")


def test_a_timer_that_fires_while_a_body_runs_is_remembered(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.playback.timers.SHORT", 0.01)

    async def hang() -> None:
        note("hang")
        await asyncio.Event().wait()

    async def limited(ctx: durable.Context) -> str:
        try:
            async with asyncio.timeout(0.05):
                await ctx.step.run("hang", hang)
        except TimeoutError:
            return await ctx.step.run("shaky", astumble, "shaky")
        return "in time"

    run = player.play(limited)
    assert (run.result, journal) == ("shaky", ["hang", "shaky", "shaky"])
    assert steps_of(run) == {"timer": "done", "shaky": "done"}


def test_a_race_ends_in_time_though_a_body_hangs_here(player: Player) -> None:
    async def hang() -> None:
        note("hang")
        await asyncio.Event().wait()

    async def limited(ctx: durable.Context) -> str:
        await ctx.group.race(
            (lambda: ctx.step.run("hang", hang), lambda: ctx.step.sleep("limit", 50))
        )
        return await ctx.step.run("shaky", astumble, "shaky")

    run = player.play(limited)
    assert (run.result, journal) == ("shaky", ["hang", "shaky", "shaky"])


async def first_completed(ctx: durable.Context) -> list[Any]:
    tasks = [asyncio.create_task(ctx.step.sleep(f"nap {n}", n * HOUR)) for n in (3, 1, 2)]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await ctx.step.sleep("rest", 5 * HOUR)
    return [tasks.index(task) for task in done]


async def first_exception(ctx: durable.Context) -> list[Any]:
    async def bad() -> None:
        await ctx.step.sleep("nap bad", HOUR)
        await ctx.step.run("bad", fail)

    tasks = [asyncio.create_task(ctx.step.sleep("nap", 3 * HOUR)), asyncio.create_task(bad())]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    for task in pending:
        task.cancel()
    await ctx.step.sleep("rest", 5 * HOUR)
    return [str(task.exception()) for task in done]


def fail() -> None:
    note("fails")
    raise durable.NonRetriableError("no luck")


async def as_completed(ctx: durable.Context) -> list[Any]:
    async def nap(hours: int) -> int:
        await ctx.step.sleep(f"nap {hours}", hours * HOUR)
        return hours

    order = []
    for finished in asyncio.as_completed([nap(3), nap(1), nap(2)]):
        order.append(await finished)
        await ctx.step.run("store", say, f"{order[-1]}")
    return order


async def gathered(ctx: durable.Context) -> list[Any]:
    results = await asyncio.gather(
        ctx.step.sleep("nap", HOUR), ctx.step.run("bad", fail), return_exceptions=True
    )
    await ctx.step.run("shaky", astumble, "shaky")
    return [str(result) for result in results]


async def task_group(ctx: durable.Context) -> list[str]:
    async def bad() -> None:
        await ctx.step.sleep("nap bad", HOUR)
        await ctx.step.run("bad", fail)

    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(ctx.step.sleep("nap", 3 * HOUR))
            tasks.create_task(bad())
    except* durable.StepError as group:
        note(str(group.exceptions[0]))
    await ctx.step.sleep("rest", 5 * HOUR)
    return []


@pytest.mark.parametrize(
    ("handler", "result", "marks", "cancelled"),
    [
        (first_completed, [1], [], ["nap 3", "nap 2"]),
        (first_exception, ["no luck"], ["fails"], ["nap"]),
        (as_completed, [1, 2, 3], ["1", "2", "3"], []),
        (gathered, ["None", "no luck"], ["fails", "shaky", "shaky"], []),
        (task_group, [], ["fails", "no luck", "no luck"], ["nap"]),
    ],
)
@STRICT
def test_it_works_with_steps_that_rest(
    player: Player,
    handler: Handler,
    result: object,
    marks: list[str],
    cancelled: list[str],
    strict: bool,
) -> None:
    run = player.play(handler, parallel_mode=ParallelMode.RACE, strict=strict)
    assert run.failure is None
    assert run.result == result
    if handler is not task_group or not strict:
        assert journal == marks
    assert [t for t, status in steps_of(run).items() if status == "cancelled"] == cancelled


def test_a_step_that_was_given_up_cannot_be_awaited_after_all(player: Player) -> None:
    """The code takes another way than in the call that gave it up."""

    async def fickle(ctx: durable.Context) -> str:
        nap = asyncio.create_task(ctx.step.sleep("nap", HOUR))
        await ctx.step.run("first", asay, "first")
        if "changed" not in journal:
            await asyncio.sleep(0)
            nap.cancel()
            note("changed")
            await ctx.step.sleep("rest", 2 * HOUR)
        await nap
        return "?"

    run = player.play(fickle, parallel_mode=ParallelMode.RACE)
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"
    assert "'nap' was given up" in run.failure["message"]
    assert Run.objects.get().status == "failed"
