"""What the clusters under fire run. Each function returns what its event's number must come to."""

from __future__ import annotations

import os
import signal
import uuid
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group

import durable


def mark(journal: str, run: str, step: str) -> str:
    """Be the body of a step: leave a line."""
    with Path(journal).open("a") as file:
        file.write(f"{run} {step}\n")
    return step


def write(journal: str, run: str, step: str) -> str:
    """Be the body of an atomic step: leave a row, of another name each time."""
    Group.objects.create(name=f"{run} {uuid.uuid4()}")
    return mark(journal, run, step)


def stumble(journal: str, run: str, step: str) -> str:
    """Fail once."""
    mark(journal, run, step)
    if Path(journal).read_text().count(f"{run} {step}\n") < 2:
        raise ConnectionError("the first try fails")
    return step


def die(journal: str, run: str, step: str) -> None:
    """Take the process along."""
    mark(journal, run, step)
    os.kill(os.getpid(), signal.SIGKILL)


def _say(ctx: durable.ContextSync, step: str, body: Any = mark, **options: Any) -> Any:
    return ctx.step.run(step, body, str(ctx.event.data["journal"]), ctx.run_id, step, **options)


def plain(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, name) for name in ("a", "b", "c")]


def atomic(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, "a", write, atomic=True), _say(ctx, "b")]


def sleeping(ctx: durable.ContextSync) -> list[Any]:
    first = _say(ctx, "a")
    ctx.step.sleep("nap", 1500)
    return [first, _say(ctx, "b")]


def waiting(ctx: durable.ContextSync) -> list[Any]:
    key = ctx.event.data["key"]
    event = ctx.step.wait_for_event(
        "wait", event="chaos/answer", timeout="1h", if_exp=f"async.data.key == {key}", lookback="1h"
    )
    return [event.data["key"] if event else None, _say(ctx, "a")]


def parallel(ctx: durable.ContextSync) -> list[Any]:
    return list(ctx.group.parallel(tuple(partial(_say, ctx, name) for name in "abcde")))


def parent(ctx: durable.ContextSync) -> list[Any]:
    data = dict(ctx.event.data)
    return [ctx.step.invoke_by_id("call", function_id="chaos-plain", data=data), _say(ctx, "a")]


def shaky(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, "a", stumble), _say(ctx, "b")]


def poison(ctx: durable.ContextSync) -> None:
    _say(ctx, "a", die)


for _handler in (plain, atomic, sleeping, waiting, parallel, parent, shaky, poison):
    _name = _handler.__name__
    durable.create_function(
        fn_id=f"chaos-{_name}", trigger=durable.TriggerEvent(event=f"chaos/{_name}"), retries=20
    )(_handler)
