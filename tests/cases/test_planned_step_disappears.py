"""A step that was planned is not reached again: the run fails, and says which step and why."""

from __future__ import annotations

import asyncio

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, note, say, sync_and_async


def changeable(ctx: durable.ContextSync) -> None:
    note("function")
    first_look = journal.count("function") == 1

    def branch() -> str:
        return ctx.step.run("there" if first_look else "elsewhere", say, "body")

    ctx.group.parallel((branch, lambda: ctx.step.run("steady", say, "steady")))


async def changeable_async(ctx: durable.Context) -> None:
    note("function")
    first_look = journal.count("function") == 1
    name = "there" if first_look else "elsewhere"
    await asyncio.gather(ctx.step.run(name, asay, "body"), ctx.step.run("steady", asay, "steady"))


def fickle_branch(ctx: durable.ContextSync) -> None:
    def branch() -> str:
        note("branch")
        if journal.count("branch") == 1:
            ctx.step.run("there", say, "there")
        return "went another way"

    ctx.group.parallel((branch, lambda: ctx.step.run("steady", say, "steady")))


@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(changeable, changeable_async)
def test_the_run_fails_and_names_the_step(
    player: Player, handler: Handler, mode: ParallelMode
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=True)
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"
    assert "Step 'there' of function 'case' was planned" in run.failure["message"]


def test_the_planner_notices_it_too(player: Player) -> None:
    run = player.play(fickle_branch)
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"
    assert "Step 'there'" in run.failure["message"]


def test_a_result_that_is_never_asked_for_again_does_no_harm(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> str:
        note("function")
        if journal.count("function") == 1:
            ctx.step.run("removed", say, "removed")
            raise ConnectionError("try again")
        return ctx.step.run("new", say, "new")

    assert player.play(handler).result == "new"


def test_steps_may_change_places(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        note("function")
        order = ["a", "b"] if journal.count("function") == 1 else ["b", "a"]
        for name in order:
            ctx.step.run(name, say, name)
        if journal.count("function") == 1:
            raise ConnectionError("try again")

    player.play(handler)
    assert journal == ["function", "a", "b", "function"]
