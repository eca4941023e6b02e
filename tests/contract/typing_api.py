"""Code that must type-check, by mypy and by pyright: the types are part of the promise."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import assert_type

import durable


def count(text: str) -> int:
    return len(text)


def shout(text: str, times: int) -> str:
    return text.upper() * times


def ratio() -> float:
    return 0.5


async def fetch(number: int) -> bytes:
    return bytes(number)


@durable.create_function(fn_id="sync", trigger=durable.TriggerEvent(event="typing/sync"))
def sync_function(ctx: durable.ContextSync) -> dict[str, int]:
    assert_type(ctx.step.run("count", count, "text"), int)
    assert_type(ctx.step.run("partial", partial(shout, "text", times=2)), str)
    assert_type(ctx.step.run("limited", count, "text", timeout="2m30s"), int)

    one = ctx.group.parallel((lambda: ctx.step.run("one", count, "text"),))
    assert_type(one, tuple[int])

    two = ctx.group.parallel(
        (
            lambda: ctx.step.run("count", count, "text"),
            lambda: ctx.step.run("shout", shout, "text", 2),
        )
    )
    assert_type(two, tuple[int, str])

    three = ctx.group.parallel(
        (
            lambda: ctx.step.run("count", count, "text"),
            lambda: ctx.step.run("shout", shout, "text", 2),
            lambda: ctx.step.run("ratio", ratio),
        ),
        parallel_mode=durable.ParallelMode.RACE,
    )
    assert_type(three, tuple[int, str, float])

    nested = ctx.group.parallel(
        (
            lambda: ctx.group.parallel(
                (
                    lambda: ctx.step.run("count", count, "text"),
                    lambda: ctx.step.run("ratio", ratio),
                )
            ),
            lambda: ctx.step.run("shout", shout, "text", 2),
        )
    )
    assert_type(nested, tuple[tuple[int, float], str])

    several = ctx.group.parallel(tuple(lambda: ctx.step.run("count", count, "a") for _ in "ab"))
    assert_type(several, tuple[int, ...])

    def branch(word: str) -> int:
        return ctx.step.run(f"count-{word}", count, word)

    many = ctx.group.parallel(tuple(partial(branch, word) for word in ("a", "b")))
    assert_type(many, tuple[int, ...])
    return {"many": sum(many)}


@durable.create_function(
    fn_id="async",
    trigger=[
        durable.TriggerEvent(event="typing/async"),
        durable.TriggerEvent(event="typing/async.*"),
    ],
    retries=3,
    parallel_mode=durable.ParallelMode.WAIT,
)
async def async_function(ctx: durable.Context) -> int:
    assert_type(await ctx.step.run("fetch", fetch, 3), bytes)
    assert_type(await ctx.step.run("plain", count, "text"), int)
    assert_type(await ctx.step.run("limited", fetch, 3, timeout=1000), bytes)
    two = await ctx.group.parallel(
        (
            lambda: ctx.step.run("fetch", fetch, 3),
            lambda: ctx.step.run("plain", count, "text"),
        )
    )
    assert_type(two, tuple[bytes, int])
    first, second = await asyncio.gather(
        ctx.step.run("fetch", fetch, 3), ctx.step.run("plain", count, "text")
    )
    assert_type((first, second), tuple[bytes, int])
    task = asyncio.create_task(ctx.step.run("fetch", fetch, 3))
    assert_type(await task, bytes)
    return two[1]


@durable.create_function(fn_id="context", trigger=durable.TriggerEvent(event="typing/context"))
def context(ctx: durable.ContextSync) -> None:
    assert_type(ctx.event, durable.Event)
    assert_type(ctx.events, list[durable.Event])
    assert_type(ctx.event.name, str)
    assert_type(ctx.run_id, str)
    assert_type(ctx.attempt, int)
    ctx.logger.info("attempt %d of %s", ctx.attempt, ctx.run_id)


@durable.create_function(fn_id="wide", trigger=durable.TriggerEvent(event="typing/wide"))
def wide(ctx: durable.ContextSync) -> None:
    six = ctx.group.parallel(
        (
            lambda: ctx.step.run("count", count, "text"),
            lambda: ctx.step.run("shout", shout, "text", 2),
            lambda: ctx.step.run("ratio", ratio),
            lambda: ctx.step.run("count", count, "text"),
            lambda: ctx.step.run("shout", shout, "text", 2),
            lambda: None,
        )
    )
    assert_type(six, tuple[int, str, float, int, str, None])


@durable.create_function(fn_id="typing", trigger=durable.TriggerEvent(event="typing/x"))
def callee(ctx: durable.ContextSync) -> int:
    return 1


def invocations(ctx: durable.ContextSync) -> None:
    ctx.step.invoke("one", function=callee, data={"n": 1}, timeout=timedelta(hours=1))
    ctx.step.invoke_by_id("two", function_id="callee", app_id="app", data={"n": [1]}, timeout=5)


async def async_invocations(ctx: durable.Context) -> None:
    await ctx.step.invoke("one", function=callee)
    await ctx.step.invoke_by_id("two", function_id="callee", timeout="2h30m")


@durable.create_function(fn_id="older", trigger=durable.TriggerEvent(event="typing/older"))
def older_spelling(ctx: durable.ContextSync, step: durable.StepSync) -> None:
    two = step.parallel(
        (
            lambda: step.run("count", count, "text"),
            lambda: ctx.step.run("ratio", ratio),
        )
    )
    assert_type(two, tuple[int, float])


@dataclass
class Parcel:
    weight: Decimal


def weigh(order: int) -> Parcel:
    return Parcel(Decimal(order))


def find(order: int) -> Parcel | None:
    return weigh(order)


async def aweigh(order: int) -> Parcel | None:
    return weigh(order)


@durable.create_function(
    fn_id="typed", trigger=durable.TriggerEvent(event="typing/typed"), output_type=Parcel
)
def typed(ctx: durable.ContextSync) -> Parcel:
    assert_type(ctx.step.run("parcel", weigh, 1, output_type=Parcel), Parcel)
    assert_type(ctx.step.run("plain", count, "text", output_type=None), int)
    many = ctx.step.run("list", lambda: [weigh(1)], output_type=list[Parcel])
    assert_type(many, list[Parcel])
    two = ctx.group.parallel(
        (
            lambda: ctx.step.run("parcel", weigh, 1, output_type=Parcel),
            lambda: ctx.step.run("maybe", find, 1, output_type=Parcel | None),
        )
    )
    assert_type(two, tuple[Parcel, Parcel | None])
    return many[0]


@durable.create_function(
    fn_id="atyped",
    trigger=durable.TriggerEvent(event="typing/atyped"),
    output_type=list[Parcel] | None,
)
async def async_typed(ctx: durable.Context) -> list[Parcel] | None:
    one = await ctx.step.run("parcel", weigh, 1, output_type=Parcel, atomic=True)
    assert_type(one, Parcel)
    maybe = await ctx.step.run("maybe", aweigh, 1, output_type=Parcel | None)
    assert_type(maybe, Parcel | None)
    return [one] if maybe is None else [one, maybe]


async def send() -> None:
    event = durable.Event(name="typing/sync", data={"number": 1})
    assert_type(durable.send(event), list[str])
    assert_type(durable.send([event, event]), list[str])
    assert_type(await durable.asend(event), list[str])


def races_and_maps(ctx: durable.ContextSync) -> None:
    first = ctx.group.race(
        (lambda: ctx.step.run("count", count, "text"), lambda: ctx.step.run("ratio", ratio))
    )
    assert_type(first, int | float)
    same = ctx.group.race((lambda: ctx.step.run("shout", shout, "a", 2),) * 7)
    assert_type(same, str)
    assert_type(ctx.group.map("count", count, ["a", "b"], size=10), list[int])


async def async_races_and_maps(ctx: durable.Context) -> None:
    first = await ctx.group.race(
        (lambda: ctx.step.run("fetch", fetch, 3), lambda: ctx.step.run("count", count, "text"))
    )
    assert_type(first, bytes | int)
    assert_type(await ctx.group.map("fetch", fetch, range(3), max_parallel=2), list[bytes])
    assert_type(await ctx.group.map("count", count, ["a", "b"]), list[int])
