"""A coroutine where a value is needed: the error says so, in words that lead to the missing await."""

from __future__ import annotations

from typing import Any

import pytest

import durable
from tests.harness import Handler, Player, asay


def lambda_that_gives_a_coroutine(ctx: Any) -> None:
    ctx.step.run("wrong", lambda: asay("body"))


def async_branches(ctx: Any) -> list[Any]:
    async def branch() -> str:
        return "never"

    return list(ctx.group.parallel((branch,)))


def async_lambda_as_the_result(ctx: Any) -> Any:
    return asay("body")


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(
    "handler", [lambda_that_gives_a_coroutine, async_branches, async_lambda_as_the_result]
)
def test_the_run_fails_at_once_and_says_coroutine(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] in ("output_unserializable", "step_misused")
    assert "coroutine" in run.failure["message"]


async def atomic_lambda(ctx: Any) -> None:
    await ctx.step.run("wrong", lambda: asay("body"), atomic=True)


def test_an_atomic_step_of_an_async_function_is_told_that_it_needs_a_plain_handler(
    player: Player,
) -> None:
    run = player.play(atomic_lambda)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert "an atomic step needs a plain handler" in run.failure["message"]
    assert "async def" not in run.failure["message"]


async def plain_branches(ctx: durable.Context) -> list[Any]:
    branches: Any = (lambda: 1, lambda: ctx.step.run("step", asay, "step"))
    return list(await ctx.group.parallel(branches))


def test_a_branch_of_an_async_group_that_gives_no_awaitable_is_named(player: Player) -> None:
    run = player.play(plain_branches)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert "returned int, which cannot be awaited" in run.failure["message"]
