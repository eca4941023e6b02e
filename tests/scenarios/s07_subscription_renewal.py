"""A subscription is renewed period after period: announced, charged, and dunned for days if need be."""

from __future__ import annotations

import time
from calendar import monthrange
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

import durable

PAUSES = ("1d", "3d", "5d")  # after each charge that was declined


def period_end(anchor: str, period: int) -> datetime:
    """Return when the nth period of a subscription ends: counted from its first day, not the last one."""
    first = date.fromisoformat(anchor)
    years, month = divmod(first.month - 1 + period, 12)
    year = first.year + years
    day = min(first.day, monthrange(year, month + 1)[1])
    return datetime(year, month + 1, day, tzinfo=UTC)


def period_started(data: dict[str, Any]) -> durable.Event:
    """Return the event that begins a period: once, and once more for each change of plan within it.

    `plan` counts a customer's plans: the event that changes it must not cancel the run it leads to.
    """
    invoice = f"{data['user']}-{data['period']}"
    return durable.Event(
        name="subscription/period.started",
        id=f"{invoice}/{data['plan']}",
        data={**data, "invoice": invoice},
    )


@durable.create_function(
    fn_id="renew-subscription",
    trigger=durable.TriggerEvent(event="subscription/period.started"),
    cancel=[
        durable.Cancel(
            event="subscription/plan.changed",
            if_exp="async.data.user == event.data.user && async.data.plan > event.data.plan",
        )
    ],
)
def renew_subscription(ctx: durable.ContextSync) -> str:
    """Renew one period, and begin the next: no run is longer than a period."""
    data = dict(ctx.event.data)
    ends = period_end(data["anchor"], data["period"])
    ctx.step.sleep_until("three-days-before", ends - timedelta(days=3))
    ctx.step.run("announce", mail, data, f"{data['price']} are due on {ends:%Y-%m-%d}")
    ctx.step.sleep_until("period-ends", ends)
    if not collect(ctx):
        ctx.step.run("suspend", suspend, data["user"], atomic=True)
        return "suspended"
    following = period_started({**data, "period": data["period"] + 1})
    ctx.step.send_event("next-period", following)
    return "renewed"


def collect(ctx: durable.ContextSync) -> bool:
    """Charge, and if that is declined wait for the customer to pay, a few times."""
    data = dict(ctx.event.data)
    for pause in PAUSES:
        try:
            ctx.step.run("charge", charge, data["folder"], data["invoice"], data["price"])
        except durable.StepError as error:
            ctx.step.run("ask-to-pay", mail, data, error.message)
        else:
            return True
        if ctx.step.wait_for_event(
            "paid", event="subscription/paid", match="data.invoice", timeout=pause, lookback="10d"
        ):
            return True
    return False


@durable.create_function(
    fn_id="change-plan",
    trigger=durable.TriggerEvent(event="subscription/plan.changed"),
)
def change_plan(ctx: durable.ContextSync) -> None:
    """Begin the period again under the new plan; the run of the old plan is cancelled by the event."""
    ctx.step.send_event("period-again", period_started(dict(ctx.event.data)))


def charge(folder: str, invoice: str, price: int) -> None:
    """Charge an invoice. The bank does it once for each idempotency key."""
    bank = Path(folder)
    if (bank / "declines").exists():
        raise durable.NonRetriableError("the card was declined", quiet=True)
    with (bank / "calls").open("a") as calls:
        calls.write(f"{invoice}\n")
    with suppress(FileExistsError), (bank / f"charged-{invoice}").open("x") as charged:
        charged.write(str(price))
    if (bank / "slow").exists():
        time.sleep(1)


def mail(data: dict[str, Any], text: str) -> None:
    """Mail the subscriber."""
    address = User.objects.get(pk=data["user"]).email
    with Path(data["folder"], "mails").open("a") as mails:
        mails.write(f"{address}: {text}\n")


def suspend(user: int) -> None:
    """Take the subscriber's access away."""
    User.objects.filter(pk=user).update(is_active=False)
