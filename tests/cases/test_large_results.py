"""Large results go into a table of their own, and come back equal."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

import durable
from durable.models import Blob
from tests.harness import Handler, Player, astumble, stumble, sync_and_async


def page(number: int) -> dict[str, object]:
    return {"number": number, "words": [f"wörd {n} 🎈 \u2028" for n in range(2_000)]}


async def apage(number: int) -> dict[str, object]:
    return page(number)


def in_a_row(ctx: durable.ContextSync) -> list[object]:
    pages = [ctx.step.run("page", page, number) for number in range(3)]
    ctx.step.run("shaky", stumble, "shaky")
    return [*pages]


async def in_a_row_async(ctx: durable.Context) -> list[object]:
    pages = [await ctx.step.run("page", apage, number) for number in range(3)]
    await ctx.step.run("shaky", astumble, "shaky")
    return [*pages]


def side_by_side(ctx: durable.ContextSync) -> list[object]:
    pages = ctx.group.parallel(tuple(partial(ctx.step.run, "page", page, n) for n in range(3)))
    ctx.step.run("shaky", stumble, "shaky")
    return [*pages]


async def side_by_side_async(ctx: durable.Context) -> list[object]:
    pages = await asyncio.gather(*[ctx.step.run("page", apage, n) for n in range(3)])
    await ctx.step.run("shaky", astumble, "shaky")
    return [*pages]


EVERY = [in_a_row, in_a_row_async, side_by_side, side_by_side_async]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("handler", EVERY)
def test_they_come_back_equal(player: Player, handler: Handler, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert run.result == [page(0), page(1), page(2)]


@sync_and_async(in_a_row, in_a_row_async)
def test_they_are_kept_out_of_the_rows(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert set(run.steps.filter(name="page").values_list("output", "large")) == {(None, True)}
    assert Blob.objects.filter(run=run).count() == 4


@pytest.mark.parametrize("size", [1023, 2046, 2047, 1_000_000])
def test_a_text_of_any_size_comes_back(player: Player, size: int) -> None:
    def handler(ctx: durable.ContextSync) -> int:
        first = ctx.step.run("text", lambda: "é" * size)
        ctx.step.run("shaky", stumble, "shaky")
        return len(first)

    run = player.play(handler, retries=1)
    assert run.result == size
    assert run.steps.get(name="text").result == "é" * size
