"""RACE: a branch fails for good. The run fails at once, and the results of the others are dropped."""

from __future__ import annotations

import asyncio

import durable
from durable import ParallelMode
from tests.harness import Player, journal, note, say, steps_of


def fail() -> None:
    note("fails")
    raise durable.NonRetriableError("no luck")


async def afail() -> None:
    fail()


async def never() -> None:
    await asyncio.Event().wait()


def race(ctx: durable.ContextSync) -> None:
    ctx.group.parallel(
        (
            lambda: ctx.step.run("fails", fail),
            lambda: ctx.step.run("open", say, "open"),
        ),
        ParallelMode.RACE,
    )


async def race_async(ctx: durable.Context) -> None:
    await ctx.group.parallel(
        (
            lambda: ctx.step.run("fails", afail),
            lambda: ctx.step.run("open", never),
        ),
        ParallelMode.RACE,
    )


def test_the_run_fails_while_others_are_open(player: Player) -> None:
    run = player.play(race)
    assert run.failure is not None
    assert run.failure["message"] == "no luck"
    assert journal == ["fails"]
    assert steps_of(run)["open"] == "cancelled"


def test_what_was_open_never_starts(player: Player) -> None:
    player.play(race)
    player.work()
    assert journal == ["fails"]


def test_an_async_body_that_still_runs_is_given_up(player: Player) -> None:
    run = player.play(race_async)
    assert run.failure is not None
    assert run.failure["message"] == "no luck"
    assert steps_of(run) == {"fails": "failed"}
