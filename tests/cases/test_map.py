"""`ctx.group.map`: one function over many items, in chunks that are steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.models import Run
from tests.harness import Player, journal, note, steps_of, stumble, sync_and_async

STRICT = pytest.mark.parametrize("strict", [False, True])
MODES = pytest.mark.parametrize("mode", ParallelMode)


def double(number: int) -> int:
    note(str(number))
    return 2 * number


async def adouble(number: int) -> int:
    return double(number)


def mapped(ctx: durable.ContextSync) -> list[int]:
    data = ctx.event.data
    numbers = ctx.step.run("numbers", list, range(data["count"]))
    results = ctx.group.map("double", double, numbers, **data["options"])
    ctx.step.run("shaky", stumble, "shaky")
    return results


async def amapped(ctx: durable.Context) -> list[int]:
    data = ctx.event.data
    numbers = await ctx.step.run("numbers", list, range(data["count"]))
    results = await ctx.group.map("double", adouble, numbers, **data["options"])
    await ctx.step.run("shaky", stumble, "shaky")
    return results


async def amapped_with_a_plain_function(ctx: durable.Context) -> list[int]:
    data = ctx.event.data
    numbers = await ctx.step.run("numbers", list, range(data["count"]))
    results = await ctx.group.map("double", double, numbers, **data["options"])
    await ctx.step.run("shaky", stumble, "shaky")
    return results


HANDLERS = pytest.mark.parametrize("handler", [mapped, amapped, amapped_with_a_plain_function])


def chunks_of(run: Run) -> list[str]:
    return [title for title in steps_of(run) if title.startswith("double")]


@HANDLERS
@MODES
@STRICT
@pytest.mark.parametrize(
    ("count", "options", "chunks"),
    [
        (7, {"size": 3}, ["double[0:3]", "double[3:6]", "double[6:7]"]),
        (5, {"size": 2, "max_parallel": 2}, ["double[0:2]", "double[2:4]", "double[4:5]"]),
        (3, {}, ["double[0:1]", "double[1:2]", "double[2:3]"]),
        (0, {}, []),
    ],
)
def test_results_come_in_the_order_of_the_items(
    player: Player,
    handler: Any,
    mode: ParallelMode,
    strict: bool,
    count: int,
    options: dict[str, int],
    chunks: list[str],
) -> None:
    data = {"count": count, "options": options}
    run = player.play(handler, data, parallel_mode=mode, strict=strict)
    assert run.failure is None
    assert run.result == [2 * number for number in range(count)]
    assert chunks_of(run) == chunks
    items = [mark for mark in journal if mark != "shaky"]
    assert sorted(items, key=int) == [str(number) for number in range(count)]


@HANDLERS
def test_there_are_a_hundred_chunks_at_most(player: Player, handler: Any) -> None:
    run = player.play(handler, {"count": 1001, "options": {}})
    assert run.result == [2 * number for number in range(1001)]
    assert len(chunks_of(run)) == 91


def side_by_side(ctx: durable.ContextSync) -> list[Any]:
    return list(
        ctx.group.parallel(
            (
                lambda: ctx.group.map("a", double, [1, 2], max_parallel=1),
                lambda: ctx.group.map("b", double, [3, 4]),
                lambda: ctx.step.sleep("nap", 5),
            )
        )
    )


async def aside_by_side(ctx: durable.Context) -> list[Any]:
    return list(
        await ctx.group.parallel(
            (
                lambda: ctx.group.map("a", adouble, [1, 2], max_parallel=1),
                lambda: ctx.group.map("b", adouble, [3, 4]),
                lambda: ctx.step.sleep("nap", 5),
            )
        )
    )


@sync_and_async(side_by_side, aside_by_side)
@MODES
@STRICT
def test_maps_in_a_group(player: Player, handler: Any, mode: ParallelMode, strict: bool) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == [[2, 4], [6, 8], None]
    assert sorted(journal) == ["1", "2", "3", "4"]


def picky(number: int) -> int:
    if number == 4 and journal.count("4") < 2:
        note("4")
        raise ValueError("no fours")
    return double(number)


async def apicky(number: int) -> int:
    return picky(number)


def with_a_bad_item(ctx: durable.ContextSync) -> list[int]:
    return ctx.group.map("pick", picky, range(6), size=3)


async def awith_a_bad_item(ctx: durable.Context) -> list[int]:
    return await ctx.group.map("pick", apicky, range(6), size=3)


@sync_and_async(with_a_bad_item, awith_a_bad_item)
def test_a_chunk_whose_item_fails_is_tried_again(player: Player, handler: Any) -> None:
    run = player.play(handler)
    assert run.result == [0, 2, 4, 6, 8, 10]
    assert [journal.count(mark) for mark in "012345"] == [1, 1, 1, 3, 3, 1]
    errors = {attempt.failure["message"] for attempt in run.attempts.all()}
    assert errors == {"no fours; item 4"}


@sync_and_async(with_a_bad_item, awith_a_bad_item)
def test_the_error_names_the_item(player: Player, handler: Any) -> None:
    run = player.play(handler, retries=0)
    assert run.failure is not None
    assert (run.failure["name"], run.failure["message"]) == ("ValueError", "no fours; item 4")
    assert steps_of(run) == {"pick[0:3]": "done", "pick[3:6]": "failed"}


def test_no_more_chunks_than_allowed_run_at_the_same_time(player: Player) -> None:
    def limited(ctx: durable.ContextSync) -> list[int]:
        return ctx.group.map("double", double, range(10), size=2, max_parallel=2)

    run = player.play(limited)
    planned = list(run.steps.exclude(mode="").values_list("wave", flat=True))
    assert max(planned.count(wave) for wave in planned) == 2
    assert run.result == [2 * number for number in range(10)]


def test_a_lost_worker_costs_its_chunk_at_most(player: Player) -> None:
    def rests(ctx: durable.ContextSync) -> list[int]:
        first = ctx.group.map("double", double, range(4), size=2, max_parallel=1)
        ctx.step.sleep("nap", timedelta(hours=1))
        return [*first, *ctx.group.map("double", double, range(4, 8), size=2)]

    run = player.play(rests)
    assert run.result == [2 * number for number in range(8)]
    assert journal == [str(number) for number in range(8)]


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "size": (lambda ctx: ctx.group.map("m", double, [1], size=0), "size must be 1 or more"),
    "parallel": (
        lambda ctx: ctx.group.map("m", double, [1], max_parallel=True),
        "max_parallel must be 1 or more",
    ),
    "items": (lambda ctx: ctx.group.map("m", double, 7), "items must be a list"),
    "fn": (lambda ctx: ctx.group.map("m", "double", [1]), "fn must be a function"),
    "id": (lambda ctx: ctx.group.map("", double, [1]), "step id must be"),
    "long id": (lambda ctx: ctx.group.map("m" * 252, double, [1]), "step id must be"),
    "coroutine": (lambda ctx: ctx.group.map("m", adouble, [1]), "coroutine function"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said(player: Player, case: str) -> None:
    handler, message = WRONG[case]
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert message in run.failure["message"]
