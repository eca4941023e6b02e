"""Runs worth a picture: rows whose times, tries and results tell a story."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from durable import clock
from durable.access.keys import Rights, make
from durable.authoring.registry import registry
from durable.ids import new_id
from durable.models import (
    Attempt,
    EndTally,
    Event,
    FailureTally,
    Rollup,
    Run,
    RunStatus,
    RunTally,
    Step,
    StepStatus,
    TimeTally,
    Wait,
    Worker,
)
from durable.operations.audit import Actor, write_down
from durable.operations.configure import configure_function
from durable.playback.keys import step_key
from durable.store import get_store
from scripts.screenshots import groups

NAME = PASSWORD = "admin"  # noqa: S105  of a database that lives for one picture


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


_TRACE = """Traceback (most recent call last):
  File "shop/orders/steps.py", line 41, in charge
    return gateway.charge(order.total, source=order.card)
  File "shop/orders/gateway.py", line 88, in charge
    raise TimeoutError(f"no answer from the bank after {seconds} s")
TimeoutError: no answer from the bank after 10 s"""
TIMEOUT = {
    "code": "unknown",
    "name": "TimeoutError",
    "message": "no answer from the bank after 10 s",
    "stack": _TRACE,
}


def fill() -> dict[str, str]:
    """Make the runs; return the ids of those whose pages are the pictures."""
    User.objects.create_superuser(NAME, password=PASSWORD)
    now = clock.now()
    groups.judged(now)
    crowd = groups.crowd(now, _event("image/uploaded", {"folder": "summer"}, now))
    for n in range(14):
        _plain(now - timedelta(minutes=3 * n + 7), n)
    drip = _sleeping(now)
    _waiting(now)
    _failed(now)
    order = _order(now)
    failed = Run.objects.get(status=RunStatus.FAILED)
    make(get_store(), Actor(who="grace", via="admin"), Rights(name="the shop's front end").key())
    _workers(now)
    _tallies(now)
    configure_function(
        "fulfil-order",
        {"parallel_mode": "race", "retries": 5},
        actor=Actor(who="grace", via="admin"),
    )
    return {
        "order": str(order.pk),
        "drip": str(drip.pk),
        "crowd": str(crowd.pk),
        "failed": str(failed.pk),
        "event": str(order.event_id),
        "step": str(order.steps.get(name="charge-card").pk),
    }


def _event(name: str, data: dict[str, Any], at: datetime) -> Event:
    return Event.objects.create(
        id=new_id(), name=name, data=_json(data), ts=at, received=at, custom_id=""
    )


def _run(function: str, status: str, begun: datetime, event: Event, **fields: Any) -> Run:
    usual = {"started": begun + timedelta(milliseconds=38), "owner": None, "created": begun}
    return Run.objects.create(
        id=new_id(), function=function, event=event, status=status, **(usual | fields)
    )


def _step(run: Run, name: str, begin: float | None, end: float | None, **fields: Any) -> Step:
    """Add a step; times are seconds since the run was made."""
    branch = fields.get("branch", "")
    usual: dict[str, Any] = {
        "key": step_key(name, 0, branch),
        "status": StepStatus.DONE if end is not None else StepStatus.RUNNING,
        "started": None if begin is None else run.created + timedelta(seconds=begin),
        "ended": None if end is None else run.created + timedelta(seconds=end),
        "output": '"ok"' if end is not None else None,
    }
    return Step.objects.create(run=run, name=name, **(usual | fields))


def _try(step: Step, number: int, begin: float, end: float) -> None:
    run = step.run
    Attempt.objects.create(
        run=run,
        key=step.key,
        name=step.name,
        number=number,
        error=_json(TIMEOUT),
        started=run.created + timedelta(seconds=begin),
        ended=run.created + timedelta(seconds=end),
    )


def _plain(at: datetime, n: int) -> None:
    functions = ("send-receipt", "sync-inventory", "resize-images", "nightly-report")
    function = functions[n % 4]
    event = _event("order/paid", {"order": 1000 + n}, at)
    ended = at + timedelta(seconds=1.4 + n / 3)
    run = _run(function, RunStatus.COMPLETED, at, event, ended=ended, output='{"sent": true}')
    for number in range(2 + n % 4):
        _step(run, f"part-{number}", 0.1 + number * 0.3, 0.3 + number * 0.3)


def _sleeping(now: datetime) -> Run:
    """A month of mails, of which the last is still to come."""
    day = 86_400.0
    at = now - timedelta(days=31, seconds=40)
    event = _event("user/signed-up", {"user": 77}, at)
    run = _run("onboarding-drip", RunStatus.WAITING, at, event, pending=1)
    _step(run, "welcome-mail", 0.1, 2.8)
    _step(run, "one-day", 2.9, day + 3, op="sleep", mode="wait", wave=1)
    _step(run, "look-at-usage", day + 3.2, day + 9, output='{"is_active": false}')
    _step(run, "first-tip", day + 9.1, day + 11.2)
    _step(run, "thirty-days", day + 11.3, 31 * day + 12, op="sleep", mode="wait", wave=2)
    _step(run, "ask-how-it-goes", 31 * day + 12.1, 31 * day + 16)
    due = now + timedelta(hours=19)
    begun = 31 * day + 16.1
    _step(
        run,
        "one-more-day",
        begun,
        None,
        op="sleep",
        status="pending",
        mode="wait",
        wave=3,
        due_at=due,
    )
    return run


def _workers(now: datetime) -> None:
    for number in range(4):
        Worker.objects.create(
            id=new_id(),
            owner=f"web-1:{40 + number}:1",
            host="web-1",
            pid=40 + number,
            parent=39,
            cluster="shop",
            is_supervised=True,
            version="0.1",
            functions=_json({one.id: one.version for one in registry.of_site}),
            started=now - timedelta(days=3, minutes=number),
            seen=now + timedelta(minutes=20),  # so that they are there in all the pictures
            hints=15_000 + 731 * number,
            claims=41_000 + 977 * number,
            rate=131.0 + 7 * number,
        )


def _tallies(now: datetime) -> None:
    """A day of a shop: much at noon, little at night, and a bank that did not answer for a while."""
    functions = (
        "send-receipt",
        "sync-inventory",
        "resize-images",
        "nightly-report",
        "fulfil-order",
    )
    minute = now.replace(second=0, microsecond=0)
    Rollup.objects.create(id=1, until=minute - timedelta(minutes=2), due_at=now)
    runs: Counter[tuple[datetime, str]] = Counter()
    ends: Counter[tuple[str, str]] = Counter()
    times = []
    for back in range(3, 24 * 60):
        at = minute - timedelta(minutes=back)
        busy = 4 + 26 * max(0.0, math.sin((at.hour * 60 + at.minute - 360) / 1080 * math.pi))
        for number, function in enumerate(functions):
            count = int(busy * (number + 1) / 6 + (back * 7 + number * 3) % 4)
            bad = count // 3 if number == 4 and 300 < back < 345 else int((back + number) % 97 == 0)
            for status, many in (("completed", count), ("failed", bad)):
                if many:
                    runs[at, status] += many
                    ends[function, status] += many
    hour = minute.replace(minute=0)
    for number, function in enumerate(functions):
        for spread in range(12):
            bucket, count = 24 + 8 * number + spread, 400 - 30 * abs(spread - 4)
            times.append(TimeTally(hour=hour, function=function, bucket=bucket, count=count))
    RunTally.objects.bulk_create(
        RunTally(minute=at, status=status, count=many) for (at, status), many in runs.items()
    )
    EndTally.objects.bulk_create(
        EndTally(hour=hour, function=function, status=status, count=many)
        for (function, status), many in ends.items()
    )
    TimeTally.objects.bulk_create(times)
    run = Run.objects.filter(status="failed").latest("pk").pk
    FailureTally.objects.create(
        hour=minute.replace(minute=0),
        function="fulfil-order",
        fingerprint="a" * 32,
        name="TimeoutError",
        place="shop/orders/gateway.py in charge",
        message="no answer from the bank after … s",
        count=412,
        last=now - timedelta(minutes=12),
        run=run,
    )


def _waiting(now: datetime) -> None:
    at = now - timedelta(minutes=47)
    event = _event("invoice/created", {"invoice": "R-2214"}, at)
    run = _run("approve-invoice", RunStatus.WAITING, at, event, pending=1)
    _step(run, "ask-the-manager", 0.1, 1.2)
    due = now + timedelta(hours=2)
    step = _step(
        run, "approval", 1.3, None, op="wait", status="pending", mode="wait", wave=1, due_at=due
    )
    Wait.objects.create(run=run, step=step, event="invoice/approved", expires=due, created=at)


def _failed(now: datetime) -> None:
    at = now - timedelta(minutes=12)
    event = _event("order/placed", {"order": 4710}, at)
    error = _json(TIMEOUT)
    ended = at + timedelta(seconds=62)
    run = _run("fulfil-order", RunStatus.FAILED, at, event, ended=ended, error=error)
    _step(run, "reserve-stock", 0.1, 0.6)
    step = _step(
        run, "charge-card", 0.7, 61.9, status="failed", error=error, output=None, attempt=1
    )
    _try(step, 0, 0.7, 10.7)
    _try(step, 1, 51.8, 61.9)


def _order(now: datetime) -> Run:
    """An order in the middle of its life: one of each thing that the picture can show."""
    at = now - timedelta(seconds=64)
    data = {
        "order": 4711,
        "customer": {"name": "Ada L.", "email": "ada@example.org", "card_token": "tok_9f3a"},
        "items": [{"sku": "BK-204", "count": 1}, {"sku": "PEN-7", "count": 3}],
    }
    event = _event("order/placed", data, at)
    started = at + timedelta(seconds=2.6)
    about = {"subject": "auth.user:1", "tenant": "acme"}
    run = _run(
        "fulfil-order", RunStatus.WAITING, at, event, started=started, pending=2, wave=3, **about
    )
    _step(
        run,
        "load-order",
        2.7,
        4.1,
        output='{"order": 4711, "total": 84.5, "card_token": "tok_9f3a"}',
    )
    group: dict[str, Any] = {"mode": "wait", "wave": 1}
    charge = _step(
        run,
        "charge-card",
        31.2,
        35.4,
        branch="0",
        attempt=2,
        output='{"receipt": "R-88121"}',
        **group,
    )
    _try(charge, 0, 4.4, 9.6)
    _try(charge, 1, 17.1, 22.3)
    _step(run, "reserve-stock", 4.5, 8.2, branch="1", output='["BK-204", "PEN-7"]', **group)
    _step(run, "print-label", 9.1, 12.0, branch="1", mode="wait", wave=2)
    _step(run, "check-address", 7.4, 11.8, branch="2", output='{"is_valid": true}', **group)
    _child(run, at)
    group = {"mode": "wait", "wave": 3, "status": "pending", "started": at + timedelta(seconds=36)}
    due = now + timedelta(minutes=9)
    _step(run, "cool-off", 36, None, op="sleep", branch="0", due_at=due, **group)
    paid = _step(
        run,
        "parcel-shipped",
        36,
        None,
        op="wait",
        branch="1",
        due_at=now + timedelta(hours=2),
        **group,
    )
    Wait.objects.create(
        run=run, step=paid, event="parcel/shipped", expires=paid.due_at, created=now
    )
    _step(
        run,
        "update-search",
        52,
        None,
        branch="2",
        mode="wait",
        wave=3,
        owner="web-1:4:1",
        due_at=now + timedelta(minutes=20),
    )
    actor = Actor(who="grace", via="admin")
    write_down(
        get_store(),
        actor,
        "retry",
        "run",
        run.pk,
        before={"status": "failed"},
        after={"status": "queued"},
    )
    return run


def _child(run: Run, at: datetime) -> None:
    key = step_key("invoice", 0, "3")
    begun = at + timedelta(seconds=12.1)
    event = _event("durable/function.invoked", {"order": 4711}, begun)
    ended = begun + timedelta(seconds=18)
    _run(
        "write-invoice",
        RunStatus.COMPLETED,
        begun,
        event,
        ended=ended,
        parent=run,
        parent_key=key,
        output='"R-2214"',
    )
    _step(
        run, "invoice", 12.1, 30.4, op="invoke", branch="3", mode="wait", wave=1, output='"R-2214"'
    )
