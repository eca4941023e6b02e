"""Functions of the site under the browser."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import durable

DAY = 86_400_000


def _on(name: str) -> durable.TriggerEvent:
    return durable.TriggerEvent(event=f"browser/{name}")


@durable.create_function(fn_id="browser-parallel", trigger=_on("parallel"))
def parallel(ctx: durable.ContextSync) -> str:
    """Do steps side by side, each until its file is there."""
    folder = str(ctx.event.data["folder"])
    names = ("alpha", "beta")
    ctx.group.parallel(tuple(partial(ctx.step.run, name, wait_for, folder, name) for name in names))
    return ctx.step.run("join", str, "joined")


def wait_for(folder: str, name: str) -> str:
    """Return when a file is there."""
    give_up = time.monotonic() + 30
    while not (Path(folder) / name).exists() and time.monotonic() < give_up:
        time.sleep(0.02)
    return name


@durable.create_function(fn_id="browser-retry", trigger=_on("retry"), retries=1)
def retry(ctx: durable.ContextSync) -> str:
    """Fail once."""
    return ctx.step.run("stumble", stumble, str(ctx.event.data["folder"]))


def stumble(folder: str) -> str:
    """Fail the first time."""
    mark = Path(folder) / "stumbled"
    if not mark.exists():
        mark.touch()
        raise ConnectionError("the first time")
    return "up again"


@durable.create_function(fn_id="browser-order", trigger=_on("order"))
def order(ctx: durable.ContextSync) -> Any:
    """Load, then charge what the input says."""
    loaded = ctx.step.run("load", time.time)
    charged = ctx.step.run("charge", charge, ctx.event.data["amount"])
    return {"loaded": loaded, "charged": charged}


def charge(amount: int) -> int:
    """Give back the amount."""
    return amount


@durable.create_function(fn_id="browser-rest", trigger=_on("rest"))
def rest(ctx: durable.ContextSync) -> Any:
    """Sleep a day, then wait a day for an event."""
    ctx.step.sleep("nap", DAY)
    event = ctx.step.wait_for_event("payment", event="browser/paid", timeout=DAY)
    return event.data if event else None


@durable.create_function(fn_id="browser-bulk", trigger=_on("bulk"), retries=0)
def bulk(ctx: durable.ContextSync) -> str:
    """Do what failed once, when somebody asked for too much."""
    return ctx.step.run("work", str, "done")
