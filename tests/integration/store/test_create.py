"""Runs are born in the caller's transaction, one for each function of an event."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from durable import clock
from durable.models import Run
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_every_function_gets_a_queued_run(store: Store) -> None:
    on = kit.event()
    store.runs.create(on, ["f", "g", "h"])
    runs = Run.objects.filter(event=on)
    assert sorted(run.function for run in runs) == ["f", "g", "h"]
    assert {
        (run.status, run.claim, run.owner, run.wake, run.pending, run.wave) for run in runs
    } == {("queued", 0, None, 0, 0, 0)}


def test_no_function_means_no_run(store: Store) -> None:
    store.runs.create(kit.event(), [])
    assert not Run.objects.exists()


def test_a_new_run_is_due_at_once(store: Store) -> None:
    run = kit.queued(store)
    assert [claim.id for claim in store.runs.claim(kit.ME)] == [run.pk]


def test_created_is_now_by_the_database(store: Store) -> None:
    kit.later(3600)
    assert abs(kit.queued(store).created - clock.now()) < timedelta(seconds=5)


def test_a_run_for_later_is_not_due_before(store: Store) -> None:
    kit.queued(store, due_in=60)
    kit.later(58)
    assert store.runs.claim(kit.ME) == []
    kit.later(3)
    assert len(store.runs.claim(kit.ME)) == 1


def test_runs_vanish_with_the_transaction_of_the_caller(store: Store) -> None:
    on = kit.event()
    with transaction.atomic():
        store.runs.create(on, ["f"])
        transaction.set_rollback(True)
    assert not Run.objects.exists()


def test_a_function_runs_once_for_an_event(store: Store) -> None:
    on = kit.event()
    store.runs.create(on, ["f", "g"])
    before = list(Run.objects.order_by("pk").values())
    store.runs.create(on, ["f", "g"])
    assert list(Run.objects.order_by("pk").values()) == before


def test_ids_sort_by_the_order_of_creation(store: Store) -> None:
    first, second = kit.queued(store), kit.queued(store)
    assert first.pk.version == second.pk.version == 7
    assert list(Run.objects.order_by("pk")) == [first, second]
