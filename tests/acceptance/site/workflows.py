"""Functions the clusters under test run."""

from __future__ import annotations

from functools import partial

import durable
from tests.acceptance.site.jobs import mark, stamp, work


@durable.create_function(fn_id="fan", trigger=durable.TriggerEvent(event="acceptance/fan"))
def fan(ctx: durable.ContextSync) -> list[str]:
    """Do so many parallel steps, each taking a while."""
    data = ctx.event.data
    journal, seconds = str(data["journal"]), float(data["seconds"])
    names = [f"part-{number}" for number in range(int(data["parts"]))]
    parts = ctx.group.parallel(
        tuple(partial(ctx.step.run, name, work, journal, name, seconds) for name in names)
    )
    return [*parts, ctx.step.run("join", mark, journal, "join")]


@durable.create_function(fn_id="ping", trigger=durable.TriggerEvent(event="acceptance/ping"))
def ping(ctx: durable.ContextSync) -> None:
    """Do one step that writes the time."""
    ctx.step.run("stamp", stamp, str(ctx.event.data["journal"]))
