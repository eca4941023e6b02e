"""A step fails, is tried again after a while, and succeeds; what came before it is not repeated."""

from __future__ import annotations

import pytest

import durable
from durable.models import Attempt
from tests.harness import (
    Handler,
    Player,
    asay,
    astumble,
    journal,
    note,
    say,
    steps_of,
    stumble,
    sync_and_async,
)


def three_steps(ctx: durable.ContextSync) -> list[str]:
    note("function")
    return [
        ctx.step.run("before", say, "before"),
        ctx.step.run("shaky", stumble, "shaky", 2),
        ctx.step.run("after", say, "after"),
    ]


async def three_steps_async(ctx: durable.Context) -> list[str]:
    note("function")
    return [
        await ctx.step.run("before", asay, "before"),
        await ctx.step.run("shaky", astumble, "shaky", 2),
        await ctx.step.run("after", asay, "after"),
    ]


both = sync_and_async(three_steps, three_steps_async)


@both
def test_only_the_step_that_failed_runs_again(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.result == ["before", "shaky", "after"]
    assert journal == [
        *("function", "before", "shaky"),
        *("function", "shaky"),
        *("function", "shaky", "after"),
    ]


@both
def test_each_failed_try_is_kept(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    tries = Attempt.objects.filter(run=run).order_by("id")
    assert [(one.name, one.number, one.failure["message"]) for one in tries] == [
        ("shaky", 0, "shaky fails, try 1"),
        ("shaky", 1, "shaky fails, try 2"),
    ]


@both
def test_it_waits_before_it_tries_again(player: Player, handler: Handler) -> None:
    player.define(handler)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert run.status == "queued"
    assert steps_of(run) == {"before": "done", "shaky": "retrying"}
    wait = player.store.due(1).next_in
    assert wait is not None
    assert 14 < wait < 46


@pytest.mark.parametrize("mode", durable.ParallelMode)
def test_a_planned_step_waits_before_it_tries_again(
    player: Player, mode: durable.ParallelMode
) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        branches = (
            lambda: ctx.step.run("shaky", stumble, "shaky"),
            lambda: ctx.step.run("sure", say, "sure"),
        )
        return list(ctx.group.parallel(branches))

    player.define(handler, parallel_mode=mode)
    run = player.send()
    player.work()
    assert steps_of(run) == {"shaky": "pending", "sure": "done"}
    wait = player.store.due(1).next_in
    assert wait is not None
    assert 14 < wait < 46
    assert player.settle(run).result == ["shaky", "sure"]
    assert sorted(journal) == ["shaky", "shaky", "sure"]
