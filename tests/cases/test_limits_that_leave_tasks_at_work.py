"""asyncio.wait and as_completed with a limit, which leave the other tasks at work: by mode."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

import durable
from durable import ParallelMode
from durable import clock as durable_clock
from tests.harness import Handler, Player, asay, journal

HOUR = timedelta(hours=1)


async def task(ctx: durable.Context, name: str, pause: timedelta) -> str:
    await ctx.step.sleep(name, pause)
    return name


async def waited(ctx: durable.Context) -> list[str]:
    two = [
        asyncio.create_task(task(ctx, "soon", HOUR / 6), name="soon"),
        asyncio.create_task(task(ctx, "late", 30 * HOUR), name="late"),
    ]
    done, _ = await asyncio.wait(two, timeout=3600)
    return [one.get_name() for one in done]


async def as_they_come(ctx: durable.Context) -> list[str]:
    found = []
    two = [task(ctx, "soon", HOUR / 6), task(ctx, "late", 30 * HOUR)]
    try:
        for one in asyncio.as_completed(two, timeout=3600):
            found.append(await one)
    except TimeoutError:
        pass
    return found


@pytest.mark.parametrize("handler", [waited, as_they_come])
@pytest.mark.parametrize(("mode", "done"), [(ParallelMode.RACE, ["soon"]), (ParallelMode.WAIT, [])])
def test_in_wait_a_task_has_no_result_before_the_others(
    player: Player, handler: Handler, mode: ParallelMode, done: list[str]
) -> None:
    assert player.play(handler, parallel_mode=mode).result == done


def then_escalate(*, is_cancelled: bool) -> Handler:
    async def handler(ctx: durable.Context) -> str:
        late = asyncio.create_task(task(ctx, "late", 30 * HOUR))
        await asyncio.wait([late], timeout=3600)
        if is_cancelled:
            late.cancel()
        return await ctx.step.run("escalate", asay, "escalate")

    return handler


@pytest.mark.parametrize(
    ("mode", "is_cancelled", "hours"),
    [
        (ParallelMode.RACE, False, 1),
        (ParallelMode.RACE, True, 1),
        (ParallelMode.WAIT, False, 30),
        (ParallelMode.WAIT, True, 1),
    ],
)
def test_in_wait_the_next_step_waits_for_tasks_that_are_not_cancelled(
    player: Player, mode: ParallelMode, is_cancelled: bool, hours: int
) -> None:
    begun = durable_clock.now()
    player.play(then_escalate(is_cancelled=is_cancelled), parallel_mode=mode)
    assert journal == ["escalate"]
    assert round((durable_clock.now() - begun) / HOUR) == hours
