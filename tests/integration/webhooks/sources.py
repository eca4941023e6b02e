"""Functions that a site might name in its setting."""

from __future__ import annotations

from collections.abc import Sequence

import durable
from durable.webhooks import Delivery

text = "not a function"


def knows_the_word(delivery: Delivery, secrets: Sequence[str]) -> bool:
    return delivery.header("x-word") in secrets


def answers_something(delivery: Delivery, secrets: Sequence[str]) -> str:
    return "true, or so"


def paid(delivery: Delivery) -> durable.Event | None:
    if delivery.field("type") != "charge.succeeded":
        return None
    return durable.Event(name="shop/order.paid", data={"charge": delivery.data["id"]})


def each_mail(delivery: Delivery) -> list[durable.Event]:
    return [durable.Event(name="mail/bounced", data=one) for one in delivery.data["mails"]]


def with_an_id(delivery: Delivery) -> durable.Event:
    return durable.Event(name="shop/order.paid", id="order-17")


def breaks(delivery: Delivery) -> durable.Event:
    raise LookupError("a mistake in the site's own function")


def by_body(delivery: Delivery) -> durable.Event:
    """The name and the id come of what is signed."""
    return durable.Event(name="deploy", data=delivery.data, id=delivery.digest)
