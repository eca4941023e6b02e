"""The author catches what a group raises, and the function goes on; each replay catches it again."""

from __future__ import annotations

import pytest

import durable
from durable import ParallelMode
from tests.harness import (
    Handler,
    Player,
    asay,
    astumble,
    journal,
    note,
    say,
    stumble,
    sync_and_async,
)


def fail() -> None:
    note("fails")
    raise durable.NonRetriableError("no luck")


def caught(ctx: durable.ContextSync) -> list[str]:
    try:
        ctx.group.parallel(
            (
                lambda: ctx.step.run("right", say, "right"),
                lambda: ctx.step.run("fails", fail),
            )
        )
    except durable.StepError as error:
        made_up = f"{error.name}: {error.message}"
    return [made_up, ctx.step.run("after", stumble, "after")]


async def caught_async(ctx: durable.Context) -> list[str]:
    try:
        await ctx.group.parallel(
            (
                lambda: ctx.step.run("right", asay, "right"),
                lambda: ctx.step.run("fails", fail),
            )
        )
    except durable.StepError as error:
        made_up = f"{error.name}: {error.message}"
    return [made_up, await ctx.step.run("after", astumble, "after")]


@pytest.mark.parametrize("strict", [True, False])
@sync_and_async(caught, caught_async)
def test_the_function_goes_on(player: Player, handler: Handler, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert run.failure is None
    assert run.result == ["NonRetriableError: no luck", "after"]


@sync_and_async(caught, caught_async)
def test_no_body_runs_twice_but_the_one_that_is_retried(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert set(journal[:2]) == {"right", "fails"}
    assert journal[2:] == ["after", "after"]


@pytest.mark.parametrize("mode", ParallelMode)
def test_a_branch_may_catch_its_own_error(player: Player, mode: ParallelMode) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        def careful() -> str:
            try:
                ctx.step.run("fails", fail)
            except durable.StepError:
                return ctx.step.run("plan b", stumble, "plan b")
            return "not reached"

        return list(ctx.group.parallel((careful, lambda: ctx.step.run("right", say, "right"))))

    run = player.play(handler, parallel_mode=mode)
    assert run.result == ["plan b", "right"]
    assert journal.count("fails") == 1
