"""Functions of the shop in the pictures; nobody runs them."""

from __future__ import annotations

import durable

_ON: dict[str, durable.TriggerEvent | durable.TriggerCron] = {
    "approve-invoice": durable.TriggerEvent(event="invoice/created"),
    "fulfil-order": durable.TriggerEvent(event="order/placed"),
    "nightly-report": durable.TriggerCron(cron="0 3 * * *"),
    "onboarding-drip": durable.TriggerEvent(event="user/signed-up"),
    "resize-images": durable.TriggerEvent(
        event="image/uploaded", expression="event.data.size > 100"
    ),
    "send-receipt": durable.TriggerEvent(event="order/paid"),
    "sync-inventory": durable.TriggerCron(cron="*/10 * * * *"),
    "write-invoice": durable.TriggerEvent(event="invoice/wanted"),
}


def _nothing(ctx: durable.ContextSync) -> None:
    """Do nothing."""


for _name, _trigger in _ON.items():
    durable.create_function(fn_id=_name, trigger=_trigger)(_nothing)
