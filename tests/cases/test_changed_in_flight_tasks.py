"""A deploy changes the tasks of a function, or the kind of a group, while a run of it rests."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

import durable
from durable.authoring.registry import Registry
from tests.cases.test_changed_in_flight_steps import HOUR, NAP, deploy, rest
from tests.harness import Handler, Player, asay, journal, say, sync_and_async


def tasks(*, before: int = 0, behind: int = 0) -> Handler:
    """Return a function of two tasks, with some that have no step before them, or behind."""

    async def then_sleep(ctx: durable.Context) -> str:
        done = await ctx.step.run("a", asay, "a")
        await ctx.step.sleep(NAP, HOUR)
        return done

    async def program(ctx: durable.Context) -> list[str]:
        idle = [asyncio.create_task(asyncio.sleep(0)) for _ in range(before)]
        two = [asyncio.create_task(one) for one in (then_sleep(ctx), ctx.step.run("b", asay, "b"))]
        idle += [asyncio.create_task(asyncio.sleep(0)) for _ in range(behind)]
        await asyncio.gather(*idle)
        return [await one for one in two]

    return program


def test_a_task_that_is_new_in_front_has_the_steps_of_those_behind_it_begin_again(
    player: Player, fresh_registry: Registry
) -> None:
    run = rest(player, tasks())
    deploy(player, fresh_registry, tasks(before=1))
    assert player.settle(run).result == ["a", "b"]
    assert sorted(journal) == ["a", "a", "b", "b"]
    assert run.steps.filter(name=NAP).count() == 2


def test_a_task_that_is_gone_in_front_has_the_steps_of_those_behind_it_begin_again(
    player: Player, fresh_registry: Registry
) -> None:
    run = rest(player, tasks(before=1))
    deploy(player, fresh_registry, tasks())
    assert player.settle(run).result == ["a", "b"]
    assert sorted(journal) == ["a", "a", "b", "b"]


def test_a_task_that_is_new_behind_the_others_leaves_them_alone(
    player: Player, fresh_registry: Registry
) -> None:
    run = rest(player, tasks())
    deploy(player, fresh_registry, tasks(behind=1))
    assert player.settle(run).result == ["a", "b"]
    assert sorted(journal) == ["a", "b"]
    assert run.steps.filter(name=NAP).count() == 1


def parallel_or_race(verb: str) -> Handler:
    """Return a function with a group of either kind and a pause behind it."""

    def program(ctx: durable.ContextSync) -> None:
        getattr(ctx.group, verb)(
            tuple(partial(ctx.step.run, name, say, name) for name in ("a", "b"))
        )
        ctx.step.sleep(NAP, HOUR)

    return program


def parallel_or_race_async(verb: str) -> Handler:
    async def program(ctx: durable.Context) -> None:
        await getattr(ctx.group, verb)(
            tuple(partial(ctx.step.run, name, asay, name) for name in ("a", "b"))
        )
        await ctx.step.sleep(NAP, HOUR)

    return program


@sync_and_async(parallel_or_race, parallel_or_race_async)
@pytest.mark.parametrize("verbs", [("parallel", "race"), ("race", "parallel")])
def test_a_parallel_group_that_becomes_a_race_or_the_other_way_round_runs_again(
    player: Player, fresh_registry: Registry, handler: Any, verbs: tuple[str, str]
) -> None:
    run = rest(player, handler(verbs[0]))
    deploy(player, fresh_registry, handler(verbs[1]))
    assert player.settle(run).status == "completed"
    assert journal.count("a") == 2
