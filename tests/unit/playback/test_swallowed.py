"""Code that catches what it must not is found out, whatever it does next."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

import durable
from durable.playback.outcome import Raised
from tests.unit.playback.performer import Handler, MemoryPerformer, call


def fail() -> None:
    raise ValueError("no luck")


def returns(ctx: durable.ContextSync) -> Any:
    with suppress(BaseException):
        ctx.step.run("shaky", fail)
    return "done"


def raises(ctx: durable.ContextSync) -> Any:
    with suppress(BaseException):
        ctx.step.run("shaky", fail)
    raise KeyError("another")


def steps_on(ctx: durable.ContextSync) -> Any:
    with suppress(BaseException):
        ctx.step.run("shaky", fail)
    return ctx.step.run("next", print)


def steps_on_for_ever(ctx: durable.ContextSync) -> Any:
    for _ in range(10):
        with suppress(BaseException):
            ctx.step.run("shaky", fail)
    return "done"


def groups_on(ctx: durable.ContextSync) -> Any:
    with suppress(BaseException):
        ctx.step.run("shaky", fail)
    return ctx.group.parallel((lambda: ctx.step.run("next", print),))


def in_a_branch(ctx: durable.ContextSync) -> Any:
    def branch() -> str:
        with suppress(BaseException):
            ctx.step.run("shaky", fail)
        return "done"

    return ctx.group.parallel((branch,))


async def returns_async(ctx: durable.Context) -> Any:
    with suppress(asyncio.CancelledError):
        await ctx.step.run("shaky", fail)
    return "done"


async def raises_async(ctx: durable.Context) -> Any:
    with suppress(asyncio.CancelledError):
        await ctx.step.run("shaky", fail)
    raise KeyError("another")


async def steps_on_async(ctx: durable.Context) -> Any:
    with suppress(asyncio.CancelledError):
        await ctx.step.run("shaky", fail)
    return await ctx.step.run("next", print)


EVERY = [
    *(returns, raises, steps_on, steps_on_for_ever, groups_on, in_a_branch),
    *(returns_async, raises_async, steps_on_async),
]


@pytest.mark.parametrize("handler", EVERY)
def test_the_call_ends_with_an_error_that_names_the_step(handler: Handler) -> None:
    outcome = call(handler, performer=MemoryPerformer(retries=3))
    assert isinstance(outcome, Raised)
    assert outcome.failure.code == "interrupt_swallowed"
    assert outcome.failure.message.startswith("The code around step 'shaky' caught the signal")
    assert outcome.failure.is_retriable is False


def limited(ctx: durable.ContextSync) -> str:
    with suppress(BaseException):
        ctx.step.run("one too many", print)
    return "done"


def test_swallowing_a_limit_does_not_lift_it() -> None:
    outcome = call(limited, performer=MemoryPerformer(most=0))
    assert isinstance(outcome, Raised)
    assert outcome.failure.code in ("limit_exceeded", "interrupt_swallowed")


def caught_as_exception(ctx: durable.ContextSync) -> str:
    with suppress(Exception):
        ctx.step.run("shaky", fail)
    return "done"


def test_except_exception_lets_the_signal_pass() -> None:
    outcome = call(caught_as_exception, performer=MemoryPerformer(retries=3))
    assert type(outcome).__name__ == "Interrupted"
