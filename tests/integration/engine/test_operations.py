"""What is done by hand is written down, in the transaction that does it."""

from __future__ import annotations

import pytest
from django.db import transaction

from durable.models import Operation
from durable.operations.audit import Actor, write_down
from durable.store import get_store

pytestmark = pytest.mark.django_db

ANNA = Actor(who="anna", via="admin")


def test_an_operation_says_who_did_what_to_which_object() -> None:
    write_down(get_store(), ANNA, "pause", "function", "shop-pay", after={"paused": True})
    row = Operation.objects.get()
    assert str(row) == "anna pause function shop-pay"
    assert row.via == "admin"
    assert row.change == ({}, {"paused": True})


def test_what_is_rolled_back_is_not_written_down() -> None:
    store = get_store()
    with transaction.atomic(store.alias):
        write_down(store, ANNA, "cancel", "run", "1")
        transaction.set_rollback(True, using=store.alias)
    assert not Operation.objects.exists()


def test_a_long_name_is_cut_to_its_column() -> None:
    write_down(get_store(), Actor(who="a" * 300, via="api"), "cancel", "run", "b" * 300)
    row = Operation.objects.get()
    assert (len(row.who), len(row.target)) == (200, 200)
