"""WAIT: a branch fails for good. The others finish their steps first, then the group raises."""

from __future__ import annotations

from functools import partial

import pytest

import durable
from tests.harness import Handler, Player, asay, journal, note, say, steps_of, sync_and_async


def fail(mark: str) -> None:
    note(mark)
    raise durable.NonRetriableError(f"{mark} cannot be done")


async def afail(mark: str) -> None:
    fail(mark)


def middle_fails(ctx: durable.ContextSync) -> str:
    ctx.group.parallel(
        (
            lambda: ctx.step.run("left", say, "left"),
            lambda: ctx.step.run("middle", fail, "middle"),
            lambda: (ctx.step.run("right", say, "right"), ctx.step.run("later", say, "later")),
        )
    )
    return "not reached"


async def middle_fails_async(ctx: durable.Context) -> str:
    async def right() -> None:
        await ctx.step.run("right", asay, "right")
        await ctx.step.run("later", asay, "later")

    await ctx.group.parallel(
        (
            lambda: ctx.step.run("left", asay, "left"),
            lambda: ctx.step.run("middle", afail, "middle"),
            right,
        )
    )
    return "not reached"


def callables(ctx: durable.ContextSync) -> None:
    def branch(name: str) -> None:
        note(f"callable {name}")
        ctx.step.run(name, fail if name == "middle" else note, name)

    ctx.group.parallel(tuple(partial(branch, name) for name in ("left", "middle", "right")))


@sync_and_async(middle_fails, middle_fails_async)
def test_the_run_fails_as_the_branch_did(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.status == "failed"
    assert run.failure is not None
    assert run.failure["code"] == "non_retriable_error"
    assert run.failure["name"] == "NonRetriableError"
    assert run.failure["message"] == "middle cannot be done"


@pytest.mark.parametrize("strict", [True, False])
@sync_and_async(middle_fails, middle_fails_async)
def test_the_others_finish_their_steps(player: Player, handler: Handler, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert {"left": "done", "middle": "failed", "right": "done"}.items() <= steps_of(run).items()
    assert {"left", "middle", "right"} <= set(journal)


def test_no_branch_behind_it_goes_on_in_a_sync_function(player: Player) -> None:
    player.play(middle_fails)
    assert sorted(journal) == ["left", "middle", "right"]


def test_callables_behind_it_are_not_reached_again(player: Player) -> None:
    player.play(callables)
    assert journal[-2:] == ["callable left", "callable middle"]
