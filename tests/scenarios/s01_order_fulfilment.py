"""Order fulfilment: reserve, charge, label, invoice and mail, wait for the courier; undo all of it if need be.

An order is a group named after its number, with its customer as member; what is reserved for it, and
that it was shipped, are groups too. The bank is a folder with a file for each payment.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import transaction

import durable


class Bank:
    """Charges once for each key, and never for one that was given back before."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def charge(self, key: str, seconds: float = 0.0) -> str:
        payment = self._folder / key
        try:
            payment.write_text("charged") if not payment.exists() else None
            if payment.read_text() != "charged":
                raise durable.NonRetriableError(f"payment {key} was called off")
            return key
        finally:
            time.sleep(seconds)

    def give_back(self, key: str) -> str:
        (self._folder / key).write_text("given back")
        return key

    def payments(self) -> list[str]:
        return sorted(payment.read_text() for payment in self._folder.iterdir())


def check_out(customer: User, number: str, **data: Any) -> str:
    """Place an order and start its fulfilment, or neither; return the id of the event."""
    with transaction.atomic():
        order = Group.objects.create(name=number)
        order.user_set.add(customer)
        placed = durable.Event(name="shop/order.placed", data={"order": order.pk, **data})
        return durable.send(placed)[0]


def call_off(ctx: durable.ContextSync) -> str:
    """Give back what a run took that failed or was cancelled: any of it may never have been taken."""
    data, run = ctx.event.data["event"]["data"], ctx.event.data["run_id"]
    ctx.step.run("give-back", Bank(data["bank"]).give_back, payment_key(run), retries=5)
    ctx.step.run("release", release, data["order"], atomic=True)
    return "called off"


durable.create_function(
    fn_id="call-off-cancelled-order",
    trigger=durable.TriggerEvent(
        event="durable/function.cancelled",
        expression='event.data.function_id == "fulfil-order"',
    ),
)(call_off)


@durable.create_function(
    fn_id="fulfil-order",
    trigger=durable.TriggerEvent(event="shop/order.placed"),
    cancel=[
        durable.Cancel(event="shop/order.cancelled", if_exp="async.data.order == event.data.order"),
    ],
    on_failure=call_off,
)
def fulfil_order(ctx: durable.ContextSync) -> str:
    order, bank = ctx.event.data["order"], Bank(ctx.event.data["bank"])
    ctx.step.run("reserve", reserve, order, atomic=True)
    key = payment_key(ctx.run_id)
    ctx.step.run("charge", bank.charge, key, ctx.event.data.get("seconds", 0.0))
    ctx.group.parallel(
        (
            partial(ctx.step.run, "label", print_label, order),
            partial(ctx.step.run, "invoice", print_invoice, order),
            partial(ctx.step.run, "mail", mail, order, "thank you"),
        )
    )
    parcel = ctx.step.wait_for_event(
        "picked-up",
        event="courier/parcel.picked-up",
        match="data.order",
        timeout="3d",
        lookback="1h",
    )
    if parcel is None:
        raise durable.NonRetriableError(f"no courier came for order {order}")
    ctx.step.run("ship", ship, order, atomic=True)
    return ctx.step.run("mail-shipped", mail, order, "on its way")


def payment_key(run_id: str) -> str:
    """Return what the bank knows the payment of a run by, at every try the same."""
    return f"{run_id}:charge"


def reserve(order: int) -> int:
    return Group.objects.create(name=f"reserved for {order}").pk


def release(order: int) -> int:
    return Group.objects.filter(name=f"reserved for {order}").delete()[0]


def ship(order: int) -> int:
    return Group.objects.create(name=f"shipped {order}").pk


def print_label(order: int) -> str:
    customer = User.objects.get(groups=order)
    return f"label for {customer.get_full_name()}"


def print_invoice(order: int) -> str:
    return f"invoice {Group.objects.get(pk=order).name}"


def mail(order: int, text: str) -> str:
    """Mail the customer at the address of today."""
    return f"{text}, to {User.objects.get(groups=order).email}"
