"""What a step returns the first time is what every replay returns: JSON, decoded."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import durable
from tests.harness import Handler, Player, astumble, stumble, sync_and_async

VALUES: list[Any] = [
    *(None, True, False, 0, -1, 2**70, 1.5, -0.0, 1e16, 1e300, "", "🎈 é", " \u2028 ", "\\u0000"),
    *([], {}, [[]], {"": {}}, {"b": 1, "a": 2}, {"ключ": [None, 1.0, 1]}),
]
seen: list[str] = []


def look(value: Any) -> None:
    seen.append(repr(value))


def give_back(value: Any) -> Any:
    return value


def tuples(ctx: durable.ContextSync) -> None:
    look(ctx.step.run("pair", lambda: (1, ("a", {"b": (2,)}))))
    ctx.step.run("shaky", stumble, "shaky")


async def tuples_async(ctx: durable.Context) -> None:
    look(await ctx.step.run("pair", lambda: (1, ("a", {"b": (2,)}))))
    await ctx.step.run("shaky", astumble, "shaky")


def each(ctx: durable.ContextSync) -> None:
    for value in VALUES:
        look(ctx.step.run("value", give_back, value))
    ctx.step.run("shaky", stumble, "shaky")


async def each_async(ctx: durable.Context) -> None:
    for value in await asyncio.gather(*[ctx.step.run("value", give_back, one) for one in VALUES]):
        look(value)
    await ctx.step.run("shaky", astumble, "shaky")


def changed_by_the_author(ctx: durable.ContextSync) -> None:
    basket = ctx.step.run("basket", lambda: ["apple"])
    look(basket)
    basket.append("pear")
    ctx.step.run("shaky", stumble, "shaky")


@pytest.fixture(autouse=True)
def look_afresh() -> None:
    seen.clear()


@sync_and_async(tuples, tuples_async)
def test_tuples_come_as_lists_the_first_time_too(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert seen == ["[1, ['a', {'b': [2]}]]"] * 2


@sync_and_async(each, each_async)
def test_every_value_comes_as_it_was(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert seen[: len(VALUES)] == [repr(value) for value in VALUES]
    assert seen[len(VALUES) :] == [repr(value) for value in VALUES]


def test_changing_a_result_changes_no_later_look(player: Player) -> None:
    player.play(changed_by_the_author)
    assert seen == ["['apple']"] * 2
