"""A coroutine where a plain function is needed, a result instead of a function, and the like."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from durable.authoring.registry import registry
from tests.harness import Handler, Player, asay, journal, say


class AsyncCallable:
    async def __call__(self) -> str:
        return say("called")


def coroutine_function(ctx: Any) -> None:
    ctx.step.run("wrong", asay, "body")


def partial_of_a_coroutine_function(ctx: Any) -> None:
    ctx.step.run("wrong", partial(asay, "body"))


def async_callable(ctx: Any) -> None:
    ctx.step.run("wrong", AsyncCallable())


def result_of_a_call(ctx: Any) -> None:
    ctx.step.run("wrong", say("called too early"))


async def result_of_a_call_async(ctx: Any) -> None:
    await ctx.step.run("wrong", say("called too early"))


def step_instead_of_a_branch(ctx: Any) -> None:
    ctx.group.parallel((ctx.step.run("fine", say, "fine"),))


def list_of_nothing(ctx: Any) -> None:
    ctx.group.parallel("steps")


def durable_function_in_a_step(ctx: Any) -> None:
    ctx.step.run("wrong", registry.get("case"))


def branches_without_a_tuple(ctx: Any) -> None:
    ctx.group.parallel(lambda: ctx.step.run("left", say, "left"), lambda: None)


def unknown_mode(ctx: Any) -> None:
    ctx.group.parallel((lambda: ctx.step.run("fine", say, "fine"),), parallel_mode="fast")


def id_is_a_number(ctx: Any) -> None:
    ctx.step.run(5, say, "body")


def id_is_empty(ctx: Any) -> None:
    ctx.step.run("", say, "body")


def id_is_too_long(ctx: Any) -> None:
    ctx.step.run("x" * 256, say, "body")


def id_with_a_nul(ctx: Any) -> None:
    ctx.step.run("a\0b", say, "body")


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (coroutine_function, "Step 'wrong': the handler is a coroutine function"),
        (partial_of_a_coroutine_function, "Step 'wrong': the handler is a coroutine function"),
        (async_callable, "Step 'wrong': the handler is a coroutine function"),
        (result_of_a_call, "without calling the function"),
        (result_of_a_call_async, "without calling the function"),
        (step_instead_of_a_branch, "branch 0 is not a function but 'fine'"),
        (list_of_nothing, "group.parallel takes a tuple of functions, not str"),
        (durable_function_in_a_step, "Write ctx.step.invoke('wrong', function=…, data={…})"),
        (branches_without_a_tuple, "ctx.group.parallel((first, second))"),
        (unknown_mode, "parallel_mode must be ParallelMode.WAIT or .RACE, not 'fast'"),
        (id_is_a_number, "A step id must be a string of 1 to 255 characters, not 5"),
        (id_is_empty, "A step id must be a string of 1 to 255 characters, not ''"),
        (id_is_too_long, "A step id must be a string of 1 to 255 characters"),
        (id_with_a_nul, "holds a NUL character or a lone surrogate"),
    ],
)
def test_the_run_fails_at_once_and_says_what_to_write(
    player: Player, handler: Handler, words: str
) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert words in run.failure["message"]
    assert "body" not in journal


def test_the_older_spelling_of_a_mode_is_accepted(player: Player) -> None:
    def handler(ctx: Any) -> list[str]:
        branches = (lambda: ctx.step.run("fine", say, "fine"),)
        return list(ctx.group.parallel(branches, parallel_mode="race"))

    assert player.play(handler).result == ["fine"]
