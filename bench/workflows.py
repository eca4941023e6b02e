"""The functions that are measured. Those that end with a time return it: all processes share one clock."""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import durable


def nothing() -> None:
    """Be the body of a step that costs nothing."""


def large(size: int) -> str:
    """Return so many characters."""
    return "x" * size


def now() -> int:
    """Return nanoseconds of the clock that all processes of this machine share."""
    return time.monotonic_ns()


def cling(path: str, seconds: float) -> None:
    """Write who runs this and since when; the first who does so then holds on."""
    file = Path(path)
    is_first = not file.exists()
    with file.open("a") as journal:
        journal.write(f"{os.getpid()} {now()}\n")
    if is_first:
        time.sleep(seconds)


def come_back(path: str, milliseconds: int) -> None:
    """Ask for another try after so long, and write down when that is due; then, when it began."""
    file = Path(path)
    if file.exists():
        file.write_text(f"{file.read_text()} {now()}")
        return
    file.write_text(str(now() + milliseconds * 1_000_000))
    raise durable.RetryAfterError("later", milliseconds, quiet=True)


def _count(ctx: durable.ContextSync | durable.Context, key: str = "steps") -> int:
    count: Any = ctx.event.data[key]
    return int(count)


@durable.create_function(fn_id="sequence", trigger=durable.TriggerEvent(event="bench/sequence"))
def sequence(ctx: durable.ContextSync) -> int:
    """Do so many steps, one after the other."""
    for number in range(_count(ctx)):
        ctx.step.run(f"step-{number}", nothing)
    return now()


@durable.create_function(fn_id="asequence", trigger=durable.TriggerEvent(event="bench/asequence"))
async def asequence(ctx: durable.Context) -> int:
    """Do the same in an async function."""
    for number in range(_count(ctx)):
        await ctx.step.run(f"step-{number}", nothing)
    return now()


@durable.create_function(fn_id="fan", trigger=durable.TriggerEvent(event="bench/fan"))
def fan(ctx: durable.ContextSync) -> int:
    """Do so many steps in parallel."""
    names = [f"part-{number}" for number in range(_count(ctx))]
    ctx.group.parallel(tuple(partial(ctx.step.run, name, nothing) for name in names))
    return now()


@durable.create_function(fn_id="hoard", trigger=durable.TriggerEvent(event="bench/hoard"))
def hoard(ctx: durable.ContextSync) -> int:
    """Do so many steps in parallel, each of which returns so many bytes."""
    names = [f"part-{number}" for number in range(_count(ctx))]
    size = _count(ctx, "bytes")
    ctx.group.parallel(tuple(partial(ctx.step.run, name, large, size) for name in names))
    return now()


@durable.create_function(fn_id="slow-fan", trigger=durable.TriggerEvent(event="bench/slow-fan"))
def slow_fan(ctx: durable.ContextSync) -> int:
    """Do so many steps in parallel, each of which takes a while."""
    pause = ctx.event.data["milliseconds"] / 1000
    names = [f"part-{number}" for number in range(_count(ctx))]
    ctx.group.parallel(tuple(partial(ctx.step.run, name, time.sleep, pause) for name in names))
    return now()


@durable.create_function(fn_id="mixture", trigger=durable.TriggerEvent(event="bench/mixture"))
def mixture(ctx: durable.ContextSync) -> int:
    """Do a step, a group of three, and another step."""
    ctx.step.run("first", nothing)
    names = [f"part-{number}" for number in range(3)]
    ctx.group.parallel(tuple(partial(ctx.step.run, name, nothing) for name in names))
    ctx.step.run("last", nothing)
    return now()


@durable.create_function(fn_id="naps", trigger=durable.TriggerEvent(event="bench/naps"))
async def naps(ctx: durable.Context) -> int:
    """Wait so many times at once."""
    seconds = _count(ctx, "milliseconds") / 1000
    names = [f"nap-{number}" for number in range(_count(ctx))]
    await asyncio.gather(*(ctx.step.run(name, asyncio.sleep, seconds) for name in names))
    return now()


@durable.create_function(fn_id="begin", trigger=durable.TriggerEvent(event="bench/begin"))
def begin(ctx: durable.ContextSync) -> int:
    """Return when the body of the first step began."""
    return ctx.step.run("begin", now)


@durable.create_function(fn_id="late", trigger=durable.TriggerEvent(event="bench/late"))
def late(ctx: durable.ContextSync) -> int:
    """Fail in a step once, and return when it has been tried again."""
    path: Any = ctx.event.data["path"]
    ctx.step.run("come-back", come_back, str(path), _count(ctx, "milliseconds"))
    return now()


@durable.create_function(fn_id="sleeper", trigger=durable.TriggerEvent(event="bench/sleeper"))
def sleeper(ctx: durable.ContextSync) -> int:
    """Sleep, and write down when that is over and when the run goes on."""
    file, milliseconds = Path(str(ctx.event.data["path"])), _count(ctx, "milliseconds")
    if not file.exists():
        file.write_text(str(now() + milliseconds * 1_000_000))
    ctx.step.sleep("sleep", milliseconds)
    woken = now()
    file.write_text(f"{file.read_text()} {woken}")
    return woken


@durable.create_function(fn_id="dozer", trigger=durable.TriggerEvent(event="bench/dozer"))
def dozer(ctx: durable.ContextSync) -> int:
    """Do a step, sleep, and do another."""
    ctx.step.run("before", nothing)
    ctx.step.sleep("sleep", _count(ctx, "milliseconds"))
    ctx.step.run("after", nothing)
    return now()


@durable.create_function(fn_id="victim", trigger=durable.TriggerEvent(event="bench/victim"))
def victim(ctx: durable.ContextSync) -> int:
    """Hold on in a step until the worker is killed."""
    path: Any = ctx.event.data["path"]
    ctx.step.run("cling", cling, str(path), 60.0)
    return now()
