from __future__ import annotations

import pytest

from durable import NonRetriableError
from project.payments.charge import read_charge
from tests.project.payload import stripe_event


def test_charge_is_read_from_the_event() -> None:
    assert read_charge(stripe_event()) == {
        "charge": "ch_3VsLightHouse0Hallow",
        "customer": "cus_VsBrennaTull01",
        "email": "brenna.tull@example.com",
        "name": "Brenna Tull",
        "description": "The Vessary Lights, clothbound, two copies",
        "amount": 4950,
        "currency": "eur",
        "price": "49.50 EUR",
        "created": 1789041600,
    }


def test_event_without_a_charge_is_refused_with_the_missing_field() -> None:
    event = stripe_event()
    del event["data"]["object"]["amount"]
    with pytest.raises(NonRetriableError, match=r"KeyError\('amount'\)"):
        read_charge(event)
