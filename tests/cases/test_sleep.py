"""`step.sleep` and `step.sleep_until`: alone, in groups, in both modes, sync and async."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable import clock as durable_clock
from durable.models import Step
from tests.harness import Player, journal, note, say, steps_of, sync_and_async
from tests.naps import HOUR, anap, nap

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


naps = sync_and_async(nap, anap)


@naps
@STRICT
def test_a_run_goes_on_when_it_has_slept(player: Player, handler: Any, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert run.result == "after"
    assert journal == ["before", "after"]
    assert steps_of(run) == {"before": "done", "nap": "done", "after": "done"}


@naps
def test_nothing_is_due_before_the_sleep_is_over(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert (run.status, run.owner, run.due_at, run.pending) == ("waiting", None, None, 1)
    clock.travel(HOUR - timedelta(seconds=1))
    player.work()
    assert journal == ["before"]
    clock.travel(timedelta(seconds=2))
    player.work()
    assert journal == ["before", "after"]


@naps
def test_a_sleep_is_never_early(player: Player, handler: Any) -> None:
    run = player.play(handler)
    nap = run.steps.get(name="nap")
    assert nap.started is not None and nap.ended is not None
    assert nap.ended - nap.started >= HOUR


def test_a_sleep_gives_nothing_back(player: Player) -> None:
    assert player.play(lambda ctx: [ctx.step.sleep("a", 5)]).result == [None]


def test_no_sleep_is_needed_when_the_moment_has_passed(player: Player) -> None:
    def late(ctx: durable.ContextSync) -> str:
        ctx.step.sleep_until("moment", datetime(2020, 1, 1, tzinfo=UTC))
        return "late"

    player.define(late)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert run.result == "late"


def test_a_run_sleeps_until_a_moment(player: Player, clock: ModuleType) -> None:
    moment = durable_clock.now() + HOUR

    def wait(ctx: durable.ContextSync) -> str:
        ctx.step.sleep_until("moment", moment)
        return "awake"

    player.define(wait)
    run = player.send()
    player.work()
    due_at = run.steps.get().due_at
    assert due_at is not None and abs(due_at - moment) < timedelta(milliseconds=2)
    assert player.settle(run).result == "awake"


def both(ctx: durable.ContextSync) -> list[Any]:
    def branch(name: str, length: timedelta) -> str:
        ctx.step.sleep(f"sleep {name}", length)
        return ctx.step.run(name, say, name)

    return list(
        ctx.group.parallel(
            (
                lambda: branch("long", 2 * HOUR),
                lambda: branch("short", HOUR),
                lambda: ctx.step.run("at once", say, "at once"),
            )
        )
    )


async def aboth(ctx: durable.Context) -> list[Any]:
    async def branch(name: str, length: timedelta) -> str:
        await ctx.step.sleep(f"sleep {name}", length)
        return await ctx.step.run(name, say, name)

    return list(
        await ctx.group.parallel(
            (
                lambda: branch("long", 2 * HOUR),
                lambda: branch("short", HOUR),
                lambda: ctx.step.run("at once", say, "at once"),
            )
        )
    )


@STRICT
@pytest.mark.parametrize(
    ("handler", "mode", "order"),
    [
        pytest.param(both, ParallelMode.WAIT, ["at once", "long", "short"], id="wait-sync"),
        pytest.param(both, ParallelMode.RACE, ["at once", "short", "long"], id="race-sync"),
        # what asyncio awaits is handed out in the order of its ends
        pytest.param(aboth, ParallelMode.WAIT, ["at once", "short", "long"], id="wait-async"),
        pytest.param(aboth, ParallelMode.RACE, ["at once", "short", "long"], id="race-async"),
    ],
)
def test_branches_sleep_side_by_side(
    player: Player, handler: Any, mode: ParallelMode, order: list[str], strict: bool
) -> None:
    begun = durable_clock.now()
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == ["long", "short", "at once"]
    assert journal == order
    assert durable_clock.now() - begun < 2 * HOUR + timedelta(seconds=5)


def nested(ctx: durable.ContextSync) -> list[Any]:
    return list(
        ctx.group.parallel(
            (
                lambda: ctx.group.parallel(
                    (lambda: ctx.step.sleep("inner", HOUR), lambda: ctx.step.run("x", say, "x"))
                ),
                lambda: ctx.step.run("y", say, "y"),
            )
        )
    )


async def anested(ctx: durable.Context) -> list[Any]:
    return list(
        await ctx.group.parallel(
            (
                lambda: ctx.group.parallel(
                    (lambda: ctx.step.sleep("inner", HOUR), lambda: ctx.step.run("x", say, "x"))
                ),
                lambda: ctx.step.run("y", say, "y"),
            )
        )
    )


@sync_and_async(nested, anested)
@MODES
def test_a_sleep_in_a_nested_group(player: Player, handler: Any, mode: ParallelMode) -> None:
    run = player.play(handler, parallel_mode=mode)
    assert run.result == [[None, "x"], "y"]
    assert sorted(journal) == ["x", "y"]


async def gathered(ctx: durable.Context) -> list[Any]:
    async def branch(name: str, hours: int) -> str:
        await ctx.step.sleep(f"sleep {name}", hours * HOUR)
        note(name)
        return name

    steps = branch("a", 2), branch("b", 1), ctx.step.run("c", say, "c")
    return list(await asyncio.gather(*steps))


@MODES
def test_sleeps_are_gathered(player: Player, mode: ParallelMode) -> None:
    run = player.play(gathered, parallel_mode=mode)
    assert run.result == ["a", "b", "c"]
    assert steps_of(run) == {"sleep a": "done", "sleep b": "done", "c": "done"}


def test_a_failed_step_is_retried_while_another_branch_sleeps(player: Player) -> None:
    async def stubborn(ctx: durable.Context) -> list[Any]:
        async def fails_once() -> str:
            note("try")
            if journal.count("try") == 1:
                raise ValueError
            return "done"

        steps: Any = ctx.step.run("retried", fails_once), ctx.step.sleep("nap", 10 * HOUR)
        return list(await asyncio.gather(*steps))

    begun = durable_clock.now()
    player.define(stubborn)
    run = player.send()
    player.work()
    player.jump()
    player.work()
    assert journal == ["try", "try"]
    assert durable_clock.now() - begun < HOUR
    assert player.settle(run).result == ["done", None]


def test_a_thousand_sleeps_are_one_wave(player: Player) -> None:
    def many(ctx: durable.ContextSync) -> int:
        naps = tuple(lambda n=n: ctx.step.sleep(f"nap {n}", HOUR) for n in range(900))
        return len(ctx.group.parallel(naps))

    run = player.play(many)
    assert run.result == 900
    assert Step.objects.filter(run=run, status="done", wave=1).count() == 900


def test_a_sleep_that_comes_due_while_its_group_works_ends_there(player: Player) -> None:
    def mixed(ctx: durable.ContextSync) -> list[Any]:
        return list(
            ctx.group.parallel(
                (lambda: ctx.step.sleep("no time", 0), lambda: ctx.step.run("a", say, "a"))
            )
        )

    assert player.play(mixed).result == [None, "a"]
