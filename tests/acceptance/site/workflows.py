"""Functions the clusters under test run."""

from __future__ import annotations

import asyncio
from functools import partial

import durable
from tests.acceptance.site.jobs import mark, stamp, stick, work


def fan(ctx: durable.ContextSync) -> list[str]:
    """Do so many parallel steps, each taking a while."""
    data = ctx.event.data
    journal, seconds = str(data["journal"]), float(data["seconds"])
    names = [f"part-{number}" for number in range(int(data["parts"]))]
    parts = ctx.group.parallel(
        tuple(partial(ctx.step.run, name, work, journal, name, seconds) for name in names)
    )
    return [*parts, ctx.step.run("join", mark, journal, "join")]


durable.create_function(fn_id="fan", trigger=durable.TriggerEvent(event="acceptance/fan"))(fan)
durable.create_function(
    fn_id="fan-out", trigger=durable.TriggerEvent(event="acceptance/fan-out"), fan_out=True
)(fan)


@durable.create_function(fn_id="ping", trigger=durable.TriggerEvent(event="acceptance/ping"))
def ping(ctx: durable.ContextSync) -> None:
    """Do one step that writes the time."""
    ctx.step.run("stamp", stamp, str(ctx.event.data["journal"]))


def stuck(ctx: durable.ContextSync) -> list[str]:
    """Do parallel steps of which one hangs at its first try, after another that ended before."""
    journal = str(ctx.event.data["journal"])
    first = ctx.step.run("first", mark, journal, "first")
    names = [f"part-{number}" for number in range(8)]
    parts = [partial(ctx.step.run, name, work, journal, name, 0.05) for name in names]
    parts.insert(2, partial(ctx.step.run, "stuck", stick, journal, "stuck", timeout="1s"))
    return [first, *ctx.group.parallel(tuple(parts)), ctx.step.run("last", mark, journal, "last")]


durable.create_function(fn_id="stuck", trigger=durable.TriggerEvent(event="acceptance/stuck"))(
    stuck
)
durable.create_function(
    fn_id="stuck-in-threads",
    trigger=durable.TriggerEvent(event="acceptance/stuck-in-threads"),
    threads=4,
)(stuck)


@durable.create_function(
    fn_id="stuck-alone", trigger=durable.TriggerEvent(event="acceptance/stuck-alone")
)
def stuck_alone(ctx: durable.ContextSync) -> list[str]:
    """Do steps one after the other, of which one hangs at its first try."""
    journal = str(ctx.event.data["journal"])
    return [
        ctx.step.run("first", mark, journal, "first"),
        ctx.step.run("stuck", stick, journal, "stuck", timeout="1s"),
        ctx.step.run("last", mark, journal, "last"),
    ]


@durable.create_function(
    fn_id="stuck-async", trigger=durable.TriggerEvent(event="acceptance/stuck-async")
)
async def stuck_async(ctx: durable.Context) -> list[str]:
    """Do plain steps in an async function, of which one hangs at its first try."""
    journal = str(ctx.event.data["journal"])
    first = await ctx.step.run("first", mark, journal, "first")
    both = await asyncio.gather(
        ctx.step.run("stuck", stick, journal, "stuck", timeout="1s"),
        ctx.step.run("last", mark, journal, "last"),
    )
    return [first, *both]
