"""What the clusters under fire run. Each function returns what its event's number must come to."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
import uuid
from functools import partial
from typing import Any

from django.contrib.auth.models import Group

import durable
from tests.campaigns.chaos.journal import tell

LONGEST = 0.04  # seconds that a body takes
LARGE = 700_000  # characters
NAP, GIVEN_UP = 1.5, 3.0  # seconds of the sleep, and of the wait for what never comes
WIDE = "abcdefghijklmno"
CRONS = 6
RELEASE = os.environ.get("DURABLE_CHAOS_RELEASE", "1")
_MORE, _MUCH = 64 << 20, 1 << 30  # bytes of memory: what is left, what is asked for


def mark(journal: str, run: str, step: str) -> str:
    """Be the body of a step: leave a line, and take some time."""
    tell(journal, run, step)
    time.sleep(random.uniform(0.0, LONGEST))
    return step


def write(journal: str, run: str, step: str) -> str:
    """Be the body of an atomic step: leave a row, of another name each time."""
    Group.objects.create(name=f"{run} {uuid.uuid4()}")
    return mark(journal, run, step)


def stumble(journal: str, run: str, step: str) -> str:
    """Fail once."""
    if tell(journal, run, step) < 2:
        raise ConnectionError("the first try fails")
    return step


def swell(journal: str, run: str, step: str) -> str:
    """Return much."""
    mark(journal, run, step)
    return step * LARGE


def devour(journal: str, run: str, step: str) -> str:
    """Ask for more memory than there is, once."""
    if tell(journal, run, step) < 2:
        before = resource.getrlimit(resource.RLIMIT_AS)
        with open("/proc/self/statm") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + _MORE, before[1]))
        try:
            bytearray(_MUCH)
        finally:
            resource.setrlimit(resource.RLIMIT_AS, before)
    return step


def die_once(journal: str, run: str, step: str) -> str:
    """Be killed the first time, as by a kernel that is out of memory."""
    if tell(journal, run, step) < 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return step


def die(journal: str, run: str, step: str) -> None:
    """Take the process along."""
    tell(journal, run, step)
    os.kill(os.getpid(), signal.SIGKILL)


def _say(ctx: durable.ContextSync, step: str, body: Any = mark, **options: Any) -> Any:
    return ctx.step.run(step, body, str(ctx.event.data["journal"]), ctx.run_id, step, **options)


def plain(ctx: durable.ContextSync) -> list[Any]:
    steps = "abcdefg" if RELEASE == "1" else "abcdefgh"
    return [_say(ctx, name) for name in steps]


def atomic(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, "a", write, atomic=True), _say(ctx, "b")]


def sleeping(ctx: durable.ContextSync) -> list[Any]:
    first = _say(ctx, "a")
    ctx.step.sleep("nap", int(1000 * NAP))
    return [first, _say(ctx, "b")]


def _wait(ctx: durable.ContextSync, timeout: str) -> list[Any]:
    condition = f"async.data.key == {ctx.event.data['key']}"
    event = ctx.step.wait_for_event(
        "wait", event="chaos/answer", timeout=timeout, if_exp=condition, lookback="1h"
    )
    return [event.data["key"] if event else None, _say(ctx, "a")]


def waiting(ctx: durable.ContextSync) -> list[Any]:
    return _wait(ctx, "1h")


def forsaken(ctx: durable.ContextSync) -> list[Any]:
    return _wait(ctx, f"{GIVEN_UP:.0f}s")


def parallel(ctx: durable.ContextSync) -> list[Any]:
    return list(ctx.group.parallel(tuple(partial(_say, ctx, name) for name in WIDE)))


def parent(ctx: durable.ContextSync) -> list[Any]:
    data = dict(ctx.event.data)
    return [
        ctx.step.invoke_by_id("call", function_id="chaos-sleeping", data=data),
        _say(ctx, "a"),
    ]


def shaky(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, "a", stumble), _say(ctx, "b")]


def large(ctx: durable.ContextSync) -> int:
    return len(_say(ctx, "a", swell)) + len(_say(ctx, "b", swell))


def greedy(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, "a", devour), _say(ctx, "b")]


def killed(ctx: durable.ContextSync) -> list[Any]:
    return [_say(ctx, "a", die_once), _say(ctx, "b")]


def poison(ctx: durable.ContextSync) -> None:
    _say(ctx, "a", die)


def cancelled(ctx: durable.ContextSync) -> list[Any]:
    return [_pair(ctx, number) for number in range(5)]


def _pair(ctx: durable.ContextSync, number: int) -> Any:
    ctx.step.sleep(f"pause {number}", 300)
    return _say(ctx, f"{number}")


def _tick(ctx: durable.ContextSync) -> str:
    return str(ctx.step.run("a", lambda: "a"))


HANDLERS = (
    *(plain, atomic, sleeping, waiting, forsaken, parallel, parent, shaky, large),
    *(greedy, killed, poison, cancelled),
)
for _handler in HANDLERS:
    _name = _handler.__name__
    durable.create_function(
        fn_id=f"chaos-{_name}", trigger=durable.TriggerEvent(event=f"chaos/{_name}"), retries=20
    )(_handler)
for _number in range(CRONS):
    durable.create_function(
        fn_id=f"chaos-tick-{_number}", trigger=durable.TriggerCron(cron="* * * * *")
    )(_tick)
