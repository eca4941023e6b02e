"""A step fails as often as it may: its last error is remembered, and raised again at each replay."""

from __future__ import annotations

import pytest

import durable
from tests.harness import (
    Handler,
    Player,
    astumble,
    journal,
    note,
    steps_of,
    stumble,
    sync_and_async,
)


def uncaught(ctx: durable.ContextSync) -> str:
    return ctx.step.run("hopeless", stumble, "hopeless", 99)


async def uncaught_async(ctx: durable.Context) -> str:
    return await ctx.step.run("hopeless", astumble, "hopeless", 99)


def caught(ctx: durable.ContextSync) -> str:
    try:
        ctx.step.run("hopeless", stumble, "hopeless", 99)
    except durable.StepError as error:
        note(f"caught {error.code} {error.name}: {error.message}")
    return ctx.step.run("shaky", stumble, "shaky")


async def caught_async(ctx: durable.Context) -> str:
    try:
        await ctx.step.run("hopeless", astumble, "hopeless", 99)
    except durable.StepError as error:
        note(f"caught {error.code} {error.name}: {error.message}")
    return await ctx.step.run("shaky", astumble, "shaky")


@sync_and_async(uncaught, uncaught_async)
def test_there_are_four_tries_in_all(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.status == "failed"
    assert journal == ["hopeless"] * 4


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (1, 2), (20, 21)])
@sync_and_async(uncaught, uncaught_async)
def test_the_function_may_say_how_many(
    player: Player, handler: Handler, retries: int, tries: int
) -> None:
    player.play(handler, retries=retries)
    assert len(journal) == tries


@sync_and_async(uncaught, uncaught_async)
def test_the_run_fails_with_the_original_error(player: Player, handler: Handler) -> None:
    run = player.play(handler, retries=1)
    assert run.failure is not None
    assert run.failure["code"] == "step_errored"
    assert run.failure["name"] == "ValueError"
    assert run.failure["message"] == "hopeless fails, try 2"
    assert "in stumble" in run.failure["stack"]


@sync_and_async(caught, caught_async)
def test_a_caught_error_is_raised_again_at_each_replay(player: Player, handler: Handler) -> None:
    run = player.play(handler, retries=1)
    assert run.result == "shaky"
    assert steps_of(run) == {"hopeless": "failed", "shaky": "done"}
    message = "caught step_errored ValueError: hopeless fails, try 2"
    assert journal == ["hopeless", "hopeless", message, "shaky", message, "shaky"]
