"""Branches use the same ids for different things: none is ever handed another's result."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, journal, say, sync_and_async

CITIES = ("oslo", "rome", "lima")


def fetch(city: str) -> str:
    return say(f"fetch {city}")


def fetch_late(city: str) -> str:
    """Fail the first time for the first city, so that its branch falls behind the others."""
    say(f"fetch {city}")
    if city == "oslo" and journal.count("fetch oslo") == 1:
        raise ConnectionError(city)
    return f"fetch {city}"


def store(fetched: str) -> str:
    return say(f"store {fetched}")


def one_city(ctx: durable.ContextSync, city: str) -> str:
    return ctx.step.run("store", store, ctx.step.run("fetch", fetch_late, city))


def cities(ctx: durable.ContextSync) -> list[str]:
    return list(ctx.group.parallel(tuple(partial(one_city, ctx, city) for city in CITIES)))


async def one_city_async(ctx: durable.Context, city: str) -> str:
    return await ctx.step.run("store", store, await ctx.step.run("fetch", fetch_late, city))


async def cities_async(ctx: durable.Context) -> list[str]:
    branches = tuple(partial(one_city_async, ctx, city) for city in CITIES)
    return list(await ctx.group.parallel(branches))


async def cities_gathered(ctx: durable.Context) -> list[str]:
    return await asyncio.gather(*[one_city_async(ctx, city) for city in CITIES])


async def cities_in_a_task_group(ctx: durable.Context) -> list[str]:
    async with asyncio.TaskGroup() as tasks:
        made = [tasks.create_task(one_city_async(ctx, city)) for city in CITIES]
    return [task.result() for task in made]


STORED = ["store fetch oslo", "store fetch rome", "store fetch lima"]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [cities, cities_async, cities_gathered, cities_in_a_task_group])
def test_each_branch_stores_what_it_fetched(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == STORED


@sync_and_async(cities, cities_async)
def test_only_the_branch_that_failed_fetches_again(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert sorted(journal) == sorted(
        ["fetch oslo", "fetch oslo", "fetch rome", "fetch lima", *STORED]
    )
