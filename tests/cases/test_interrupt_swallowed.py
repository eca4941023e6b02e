"""Code that catches the signal which parks a run: an error that names the cause, not a run that only
seems durable."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, astumble, journal, say, stumble


def base_exception(ctx: durable.ContextSync) -> str:
    with suppress(BaseException):
        ctx.step.run("shaky", stumble, "shaky")
    return "done"


def bare_except_and_another_step(ctx: durable.ContextSync) -> str:
    try:  # noqa: SIM105 - what people write
        ctx.step.run("shaky", stumble, "shaky")
    except:  # noqa: E722
        pass
    return ctx.step.run("next", say, "next")


def finally_that_returns(ctx: durable.ContextSync) -> str:
    try:
        ctx.step.run("shaky", stumble, "shaky")
    finally:
        return "done"  # noqa: B012


def finally_with_a_step(ctx: durable.ContextSync) -> str:
    try:
        return ctx.step.run("shaky", stumble, "shaky")
    finally:
        ctx.step.run("next", say, "next")


def around_a_group(ctx: durable.ContextSync) -> str:
    with suppress(BaseException):
        ctx.group.parallel((lambda: ctx.step.run("shaky", stumble, "shaky"),))
    return "done"


def in_a_branch(ctx: durable.ContextSync) -> str:
    def branch() -> str:
        with suppress(BaseException):
            ctx.step.run("shaky", stumble, "shaky")
        return "done"

    return ctx.group.parallel((branch,))[0]


def turned_into_an_error(ctx: durable.ContextSync) -> str:
    try:
        return ctx.step.run("shaky", stumble, "shaky")
    except BaseException as error:
        raise ValueError("wrapped") from error


async def cancelled_error(ctx: durable.Context) -> str:
    with suppress(asyncio.CancelledError):
        await ctx.step.run("shaky", astumble, "shaky")
    return "done"


async def cancelled_error_and_another_step(ctx: durable.Context) -> str:
    with suppress(asyncio.CancelledError):
        await ctx.step.run("shaky", astumble, "shaky")
    return await ctx.step.run("next", asay, "next")


async def step_in_the_cleaning_up(ctx: durable.Context) -> None:
    async def hold() -> None:
        try:
            await ctx.step.run("shaky", astumble, "shaky")
        except asyncio.CancelledError:
            await ctx.step.run("next", asay, "next")
            raise

    await hold()


async def async_finally_that_returns(ctx: durable.Context) -> str:
    try:
        await ctx.step.run("shaky", astumble, "shaky")
    finally:
        return "done"  # noqa: B012


async def async_finally_with_a_step(ctx: durable.Context) -> str:
    try:
        return await ctx.step.run("shaky", astumble, "shaky")
    finally:
        await ctx.step.run("next", asay, "next")


async def async_turned_into_an_error(ctx: durable.Context) -> str:
    try:
        return await ctx.step.run("shaky", astumble, "shaky")
    except BaseException as error:
        raise ValueError("wrapped") from error


SYNC = [
    *(base_exception, bare_except_and_another_step, finally_that_returns, finally_with_a_step),
    *(around_a_group, in_a_branch, turned_into_an_error),
]
ASYNC = [
    *(cancelled_error, cancelled_error_and_another_step, step_in_the_cleaning_up),
    *(async_finally_that_returns,),
    *(async_finally_with_a_step, async_turned_into_an_error),
]


@pytest.mark.parametrize("handler", [*SYNC, *ASYNC])
def test_the_run_fails_and_names_the_step(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "interrupt_swallowed"
    assert "The code around step 'shaky' caught the signal" in run.failure["message"]
    assert (
        "Catch Exception there, not BaseException or asyncio.CancelledError"
        in run.failure["message"]
    )


@pytest.mark.parametrize("handler", [*SYNC, *ASYNC])
def test_no_further_step_runs(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert "next" not in journal


@pytest.mark.parametrize("handler", [base_exception, cancelled_error])
def test_in_strict_mode_a_step_that_succeeds_is_enough(player: Player, handler: Handler) -> None:
    run = player.play(handler, strict=True)
    assert run.failure is not None
    assert run.failure["code"] == "interrupt_swallowed"


def test_a_race_shows_it_too(player: Player) -> None:
    run = player.play(around_a_group, parallel_mode=ParallelMode.RACE)
    assert run.failure is not None
    assert run.failure["code"] == "interrupt_swallowed"


def test_cleaning_up_in_a_finally_is_fine(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> str:
        try:
            return ctx.step.run("shaky", stumble, "shaky")
        finally:
            journal.append("cleaned")

    run = player.play(handler)
    assert run.result == "shaky"
    assert journal == ["shaky", "cleaned", "shaky", "cleaned"]


def test_cleaning_up_in_an_async_finally_is_fine(player: Player) -> None:
    async def handler(ctx: durable.Context) -> str:
        try:
            return await ctx.step.run("shaky", astumble, "shaky")
        finally:
            await asyncio.sleep(0)
            journal.append("cleaned")

    run = player.play(handler)
    assert run.result == "shaky"
    assert journal == ["shaky", "cleaned", "shaky", "cleaned"]
