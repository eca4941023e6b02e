"""A step or a group inside the body of a step: an error that says so, at once and for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, asay, journal, note, say, sync_and_async


def in_a_body(ctx: durable.ContextSync) -> None:
    ctx.step.run("outer", lambda: ctx.step.run("inner", say, "inner"))


async def in_an_async_body(ctx: durable.Context) -> None:
    async def outer() -> None:
        await ctx.step.run("inner", asay, "inner")

    await ctx.step.run("outer", outer)


def group_in_a_body(ctx: durable.ContextSync) -> None:
    def outer() -> None:
        ctx.group.parallel((lambda: ctx.step.run("inner", say, "inner"),))

    ctx.step.run("outer", outer)


async def group_in_an_async_body(ctx: durable.Context) -> None:
    async def outer() -> None:
        await ctx.group.parallel((lambda: ctx.step.run("inner", asay, "inner"),))

    await ctx.step.run("outer", outer)


async def gathered_in_an_async_body(ctx: durable.Context) -> None:
    async def outer() -> None:
        await asyncio.gather(ctx.step.run("inner", asay, "inner"))

    await ctx.step.run("outer", outer)


def in_a_branch(ctx: durable.ContextSync) -> None:
    ctx.group.parallel(
        (
            lambda: ctx.step.run("outer", lambda: ctx.step.run("inner", say, "inner")),
            lambda: ctx.step.run("other", say, "other"),
        )
    )


def caught(ctx: durable.ContextSync) -> str:
    def outer() -> None:
        with suppress(Exception):
            ctx.step.run("inner", say, "inner")

    with suppress(Exception):
        ctx.step.run("outer", outer)
    return "as if nothing had happened"


def caught_as_base(ctx: durable.ContextSync) -> str:
    def outer() -> None:
        with suppress(BaseException):
            ctx.step.run("inner", say, "inner")

    ctx.step.run("outer", outer)
    return "as if nothing had happened"


EVERY = [
    *(in_a_body, in_an_async_body, group_in_a_body, group_in_an_async_body),
    *(gathered_in_an_async_body, in_a_branch, caught, caught_as_base),
]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("handler", EVERY)
def test_the_run_fails_at_once(player: Player, handler: Handler, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert run.failure is not None
    assert run.failure["code"] == "step_nested"
    assert "inner" not in journal


@sync_and_async(in_a_body, in_an_async_body)
def test_the_error_names_both_steps(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert "'inner' was called inside the body of step 'outer'" in run.failure["message"]


def test_a_group_is_named_too(player: Player) -> None:
    run = player.play(group_in_a_body)
    assert run.failure is not None
    assert "'group.parallel' was called inside the body of step 'outer'" in run.failure["message"]


def test_a_racer_is_not_tried_again(player: Player) -> None:
    run = player.play(in_a_branch, parallel_mode=ParallelMode.RACE)
    assert run.failure is not None
    assert run.failure["code"] == "step_nested"


def test_a_plain_call_inside_a_body_is_fine(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.step.run("outer", lambda: note("inner"))

    assert player.play(handler).failure is None
