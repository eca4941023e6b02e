"""NonRetriableError: there is no second try, in a step as in the function's own code."""

from __future__ import annotations

import durable
from durable.models import Attempt
from tests.harness import Handler, Player, journal, note, stumble, sync_and_async


def refuse() -> None:
    note("refused")
    raise durable.NonRetriableError("card was stolen")


async def arefuse() -> None:
    refuse()


def in_a_step(ctx: durable.ContextSync) -> None:
    ctx.step.run("charge", refuse)


async def in_an_async_step(ctx: durable.Context) -> None:
    await ctx.step.run("charge", arefuse)


def in_the_code(ctx: durable.ContextSync) -> None:
    refuse()


async def in_async_code(ctx: durable.Context) -> None:
    refuse()


def caught(ctx: durable.ContextSync) -> str:
    try:
        ctx.step.run("charge", refuse)
    except durable.StepError as error:
        code = error.code
    return f"{code}, {ctx.step.run('after', stumble, 'after')}"


def from_a_cause(ctx: durable.ContextSync) -> None:
    try:
        int("seven")
    except ValueError as error:
        raise durable.NonRetriableError("not a number") from error


@sync_and_async(in_a_step, in_an_async_step)
def test_a_step_is_not_tried_again(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert journal == ["refused"]
    assert run.failure is not None
    assert run.failure["code"] == "non_retriable_error"
    assert run.failure["message"] == "card was stolen"


@sync_and_async(in_the_code, in_async_code)
def test_a_function_is_not_called_again(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert journal == ["refused"]
    assert run.failure is not None
    assert run.failure["code"] == "non_retriable_error"


def test_a_caught_one_is_remembered_and_its_body_does_not_run_again(player: Player) -> None:
    run = player.play(caught)
    assert run.result == "non_retriable_error, after"
    assert journal == ["refused", "after", "after"]


def test_the_cause_is_kept(player: Player) -> None:
    run = player.play(from_a_cause)
    assert run.failure is not None
    assert "invalid literal for int() with base 10: 'seven'" in run.failure["stack"]


def test_the_only_try_is_in_the_history(player: Player) -> None:
    run = player.play(in_a_step)
    assert Attempt.objects.filter(run=run, name="charge").count() == 1
