"""Events are stored once for each dedupe key, in the sender's transaction."""

from __future__ import annotations

import pytest
from django.db import transaction

from durable.models import Event
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_events_are_stored_as_they_are(store: Store) -> None:
    event = kit.new_event("key")
    event.data = '{"100%":"{x} %s 🙂"}'
    store.events.insert([event])
    stored = Event.objects.get()
    assert (stored.pk, stored.name, stored.data) == (event.pk, event.name, event.data)
    assert (stored.dedupe_key, stored.custom_id) == ("key", "")
    assert (stored.ts, stored.received) == (event.ts, stored.route_at)


def test_events_without_a_key_are_all_stored(store: Store) -> None:
    events = [kit.new_event() for _ in range(3)]
    assert store.events.insert(events) == {event.pk: event.pk for event in events}
    assert Event.objects.count() == 3


def test_the_first_of_a_batch_is_stored(store: Store) -> None:
    first, second, other = kit.new_event("k"), kit.new_event("k"), kit.new_event("other")
    stored = store.events.insert([first, second, other])
    assert stored == {first.pk: first.pk, second.pk: first.pk, other.pk: other.pk}
    assert {event.pk for event in Event.objects.all()} == {first.pk, other.pk}


def test_the_first_of_all_batches_is_stored(store: Store) -> None:
    first, second, fresh = kit.new_event("k"), kit.new_event("k"), kit.new_event()
    store.events.insert([first])
    assert store.events.insert([second, fresh]) == {second.pk: first.pk, fresh.pk: fresh.pk}
    assert {event.pk for event in Event.objects.all()} == {first.pk, fresh.pk}


def test_a_batch_sent_again_stores_nothing_new(store: Store) -> None:
    keys = [str(number) for number in range(1500)]
    first = [kit.new_event(key) for key in keys]
    store.events.insert(first)
    again = [kit.new_event(key) for key in keys]
    assert list(store.events.insert(again).values()) == [event.pk for event in first]
    assert Event.objects.count() == len(keys)


def test_events_vanish_with_the_transaction_of_the_sender(store: Store) -> None:
    with transaction.atomic():
        store.events.insert([kit.new_event("k")])
        transaction.set_rollback(True)
    assert not Event.objects.exists()
    second = kit.new_event("k")
    assert store.events.insert([second]) == {second.pk: second.pk}


def test_large_data_is_stored(store: Store) -> None:
    event = kit.new_event()
    event.data = '"' + "x" * 1_000_000 + '"'
    store.events.insert([event])
    assert Event.objects.get().data == event.data


def test_no_events_store_nothing(store: Store) -> None:
    assert store.events.insert([]) == {}
