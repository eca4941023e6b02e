"""The function's own code raises between two steps: the steps before it are not repeated."""

from __future__ import annotations

import pytest

import durable
from durable.models import Attempt
from tests.harness import Handler, Player, asay, journal, note, say, steps_of, sync_and_async


def shaky_code(times: int) -> None:
    note("code")
    if journal.count("code") <= times:
        raise ValueError(f"call {journal.count('code')}")


def between(ctx: durable.ContextSync) -> str:
    ctx.step.run("before", say, "before")
    shaky_code(ctx.event.data["times"])
    return ctx.step.run("after", say, "after")


async def between_async(ctx: durable.Context) -> str:
    await ctx.step.run("before", asay, "before")
    shaky_code(ctx.event.data["times"])
    return await ctx.step.run("after", asay, "after")


both = sync_and_async(between, between_async)


@both
def test_the_function_goes_on_where_it_was(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"times": 2})
    assert run.result == "after"
    assert journal == ["before", "code", "code", "code", "after"]


@both
def test_it_fails_when_no_tries_are_left(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"times": 99}, retries=1)
    assert run.failure is not None
    assert run.failure["code"] == "unknown"
    assert run.failure["name"] == "ValueError"
    assert run.failure["message"] == "call 2"
    assert journal == ["before", "code", "code"]
    assert steps_of(run) == {"before": "done"}


@both
def test_every_failed_try_is_kept(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"times": 99}, retries=1)
    tries = Attempt.objects.filter(run=run).order_by("id")
    assert [(one.key, one.number, one.failure["message"]) for one in tries] == [
        ("", 0, "call 1"),
        ("", 1, "call 2"),
    ]


@both
def test_the_stack_begins_with_the_authors_code(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"times": 99}, retries=0)
    assert run.failure is not None
    first, place, *_ = run.failure["stack"].splitlines()
    assert first == "Traceback (most recent call last):"
    assert "test_code_raises_between_steps.py" in place
    assert "/durable/" not in run.failure["stack"]


@pytest.mark.parametrize("error", [SystemExit("leaving"), RecursionError("too deep")])
def test_an_exit_is_a_failed_try_too(player: Player, error: BaseException) -> None:
    def handler(ctx: durable.ContextSync) -> str:
        note("call")
        if journal.count("call") == 1:
            raise error
        return "stayed"

    assert player.play(handler).result == "stayed"
