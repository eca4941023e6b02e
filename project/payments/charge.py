"""What we need of a Stripe charge, taken out of the event that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

import durable


class Charge(TypedDict):
    charge: str
    customer: str
    email: str
    name: str
    description: str
    amount: int  # cents
    currency: str
    price: str
    created: int  # seconds since 1970


def read_charge(event: Mapping[str, Any]) -> Charge:
    """Return the charge of a `charge.succeeded` event, or say which field is missing."""
    try:
        charge = event["data"]["object"]
        billing = charge["billing_details"]
        return Charge(
            charge=charge["id"],
            customer=charge["customer"],
            email=charge["receipt_email"] or billing["email"],
            name=billing["name"] or "customer",
            description=charge["description"] or "your order",
            amount=charge["amount"],
            currency=charge["currency"],
            price=f"{charge['amount'] / 100:.2f} {charge['currency'].upper()}",
            created=charge["created"],
        )
    except (KeyError, TypeError) as error:
        raise durable.NonRetriableError(f"this is no charge.succeeded event: {error!r}") from error
