"""A result that is not plain JSON: the error names the step, the path and the type, at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

import durable
from tests.harness import Handler, Player, steps_of, sync_and_async


def cycle() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


def nest(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "datetime": (
        lambda: {"user": {"joined": datetime(2026, 1, 1, tzinfo=UTC)}},
        "$.user.joined: datetime",
    ),
    "decimal in a list": (lambda: {"prices": [1, Decimal("2.5")]}, "$.prices[1]: Decimal"),
    "set": (lambda: {1, 2}, "$: set"),
    "bytes": (lambda: (b"x",), "$[0]: bytes"),
    "NaN": (lambda: {"mean": float("nan")}, "$.mean: the number nan"),
    "infinity": (lambda: [float("-inf")], "$[0]: the number -inf"),
    "NUL": (lambda: ["a\0b"], "$[0]: text with a NUL character"),
    "surrogate": (lambda: {"name": "\ud800"}, "$.name: text with a lone surrogate"),
    "surrogate in a key": (lambda: {"\udfff": 1}, "(a key): text with a lone surrogate"),
    "int key": (lambda: {"by_id": {7: "x"}}, "$.by_id: a key of type int; keys must be str"),
    "cycle": (cycle, "$[1]: a reference to one of its own parents"),
    "too deep": (lambda: nest(65), "nested deeper than 64 (DURABLE['MAX_DEPTH'])"),
    "far too deep": (lambda: nest(50_000), "nested deeper than 64 (DURABLE['MAX_DEPTH'])"),
    "huge integer": (lambda: {"n": 10**5000}, "$.n: an integer of more than 4,300 digits"),
}


def in_a_step(ctx: durable.ContextSync) -> None:
    ctx.step.run("charge", BAD[ctx.event.data["value"]][0])


async def in_an_async_function(ctx: durable.Context) -> None:
    await ctx.step.run("charge", BAD[ctx.event.data["value"]][0])


def in_a_group(ctx: durable.ContextSync) -> None:
    ctx.group.parallel((lambda: ctx.step.run("charge", BAD[ctx.event.data["value"]][0]),))


def as_the_functions_own(ctx: durable.ContextSync) -> Any:
    return BAD[ctx.event.data["value"]][0]()


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("handler", [in_a_step, in_an_async_function, in_a_group])
def test_the_error_names_step_and_path(player: Player, handler: Handler, value: str) -> None:
    run = player.play(handler, {"value": value})
    assert run.failure is not None
    assert run.failure["code"] == "output_unserializable"
    assert "the result of step 'charge' cannot be stored as JSON" in run.failure["message"]
    assert BAD[value][1] in run.failure["message"]


@pytest.mark.parametrize("value", BAD)
def test_the_functions_own_result_is_held_to_the_same(player: Player, value: str) -> None:
    run = player.play(as_the_functions_own, {"value": value})
    assert run.failure is not None
    assert run.failure["code"] == "output_unserializable"
    assert "the result of function 'case'" in run.failure["message"]
    assert BAD[value][1] in run.failure["message"]


def two_in_a_set() -> set[int]:
    return {1, 2}


def careful(ctx: durable.ContextSync) -> str:
    try:
        ctx.step.run("bad", two_in_a_set)
    except durable.StepError as error:
        return error.code
    return ""


async def careful_async(ctx: durable.Context) -> str:
    try:
        await ctx.step.run("bad", two_in_a_set)
    except durable.StepError as error:
        return error.code
    return ""


@sync_and_async(careful, careful_async)
def test_the_author_may_catch_it(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.result == "output_unserializable"
    assert steps_of(run) == {"bad": "failed"}


def test_as_deep_as_allowed_is_fine(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> Any:
        return ctx.step.run("deep", nest, 64)

    assert player.play(handler).result == nest(64)
