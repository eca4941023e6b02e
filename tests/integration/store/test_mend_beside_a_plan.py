"""A run that parks while runs are mended has its steps, though the look for them began before."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from durable.store import Store
from tests.integration.store import kit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgres,
    pytest.mark.mariadb,
]


def test_a_run_that_has_just_parked_is_not_mended(store: Store) -> None:
    mended: list[int] = []

    def mend() -> None:
        mended.append(store.leases.mend())
        connection.close()

    rival = threading.Thread(target=mend)
    kit.planned(store, "other", park=True)  # is looked at first
    run = kit.claimed(store)
    with transaction.atomic():
        store.steps.plan(run, [kit.request("a")], park=True)
        rival.start()
        rival.join(0.5)  # it may have to wait for the commit
    rival.join()
    assert mended == [0]
    assert (kit.row(run).status, kit.row(run).pending) == ("waiting", 1)
