"""Tasks that share something, a queue or a list: a replay deals it out as the first call did."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, astumble, journal, note

ITEMS = [f"item {number}" for number in range(7)]


async def process(item: str) -> str:
    note(item)
    for _ in range(len(ITEMS) - ITEMS.index(item)):
        await asyncio.sleep(0)
    return f"result of {item}"


async def three_workers(ctx: durable.Context) -> dict[str, str]:
    todo = list(ITEMS)
    results: dict[str, str] = {}

    async def worker() -> None:
        while todo:
            item = todo.pop(0)
            results[item] = await ctx.step.run("process", process, item)

    await asyncio.gather(worker(), worker(), worker())
    await ctx.step.run("shaky", astumble, "shaky")
    return results


async def as_they_come(ctx: durable.Context) -> dict[str, str]:
    results: dict[str, str] = {}

    async def one(item: str) -> tuple[str, str]:
        return item, await ctx.step.run("process", process, item)

    tasks = [asyncio.create_task(one(item)) for item in ITEMS]
    for finished in asyncio.as_completed(tasks):
        item, _ = await finished
        results[item] = await ctx.step.run("store", process, item)
    await ctx.step.run("shaky", astumble, "shaky")
    return results


async def steps_as_they_come(ctx: durable.Context) -> dict[str, str]:
    steps = [ctx.step.run(f"process {item}", process, item) for item in ITEMS]
    results = [await step for step in asyncio.as_completed(steps)]
    await ctx.step.run("shaky", astumble, "shaky")
    return {result[10:]: result for result in results}


async def first_of_two(ctx: durable.Context) -> str:
    tasks = [asyncio.create_task(ctx.step.run(item, process, item)) for item in ITEMS[:2]]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    first = await ctx.step.run("choose", process, sorted(task.result() for task in done)[0][10:])
    await asyncio.wait(tasks)
    await ctx.step.run("shaky", astumble, "shaky")
    return first


async def all_at_once(ctx: durable.Context) -> list[str]:
    tasks = {asyncio.create_task(ctx.step.run(item, process, item)) for item in ITEMS}
    done, _ = await asyncio.wait(tasks)
    order = [await ctx.step.run("store", process, task.result()[10:]) for task in done]
    await ctx.step.run("shaky", astumble, "shaky")
    return order


@pytest.mark.parametrize("mode", ParallelMode)
def test_a_set_of_tasks_is_in_the_same_order_in_a_replay(
    player: Player, mode: ParallelMode
) -> None:
    run = player.play(all_at_once, parallel_mode=mode)
    assert run.result == [f"result of {item}" for item in ITEMS]


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [three_workers, as_they_come, steps_as_they_come])
def test_every_item_has_its_own_result(
    player: Player, handler: Handler, mode: ParallelMode
) -> None:
    run = player.play(handler, parallel_mode=mode)
    assert run.result == {item: f"result of {item}" for item in ITEMS}


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize(
    ("handler", "times"), [(three_workers, 1), (as_they_come, 2), (steps_as_they_come, 1)]
)
def test_no_item_is_left_out_or_done_twice(
    player: Player, handler: Handler, times: int, mode: ParallelMode
) -> None:
    player.play(handler, parallel_mode=mode)
    counted = Counter(journal)
    assert {item: counted[item] for item in ITEMS} == dict.fromkeys(ITEMS, times)


@pytest.mark.parametrize("mode", ParallelMode)
def test_the_first_one_is_first_in_a_replay_too(player: Player, mode: ParallelMode) -> None:
    run = player.play(first_of_two, parallel_mode=mode)
    assert journal[:2] == ["item 0", "item 1"]
    assert run.result == f"result of {journal[2]}"
