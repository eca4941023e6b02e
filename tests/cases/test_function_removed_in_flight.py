"""A function is removed or renamed while runs are in flight: they wait, say why, and go on later."""

from __future__ import annotations

import durable
from durable import ParallelMode
from durable.authoring.registry import Registry
from tests.harness import Player, journal, say, steps_of, stumble


def two_steps(ctx: durable.ContextSync) -> list[str]:
    return [ctx.step.run("shaky", stumble, "shaky"), ctx.step.run("last", say, "last")]


def race(ctx: durable.ContextSync) -> list[str]:
    return list(
        ctx.group.parallel(
            (lambda: ctx.step.run("a", say, "a"), lambda: ctx.step.run("b", say, "b"))
        )
    )


def test_the_run_waits_and_says_why(player: Player, fresh_registry: Registry) -> None:
    player.define(two_steps)
    run = player.send()
    player.work()
    fresh_registry.restore(Registry())
    player.jump()
    player.work()
    run.refresh_from_db()
    assert run.status == "queued"
    assert run.reason.startswith("No function 'case' is registered in this process.")
    assert journal == ["shaky"]


def test_it_uses_up_no_tries_while_it_waits(player: Player, fresh_registry: Registry) -> None:
    player.define(two_steps, retries=1)
    run = player.send()
    fresh_registry.restore(Registry())
    for _ in range(5):
        player.work()
        player.jump()
    player.define(two_steps, retries=1)
    assert player.settle(run).result == ["shaky", "last"]


def test_it_goes_on_when_the_function_is_back(player: Player, fresh_registry: Registry) -> None:
    player.define(two_steps)
    run = player.send()
    player.work()
    fresh_registry.restore(Registry())
    player.jump()
    player.work()
    player.define(two_steps)
    player.settle(run)
    assert run.result == ["shaky", "last"]
    assert run.reason == ""
    assert journal == ["shaky", "shaky", "last"]


def test_planned_steps_wait_too(player: Player, fresh_registry: Registry) -> None:
    player.define(race, parallel_mode=ParallelMode.RACE)
    run = player.send()
    player.worker.take_one()
    fresh_registry.restore(Registry())
    player.work()
    run.refresh_from_db()
    assert "No function 'case' is registered" in run.reason
    assert steps_of(run) == {"a": "pending", "b": "pending"}
    player.define(race, parallel_mode=ParallelMode.RACE)
    assert player.settle(run).result == ["a", "b"]
