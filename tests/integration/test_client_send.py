"""Sending events: with the caller's transaction, once for each id, to every function that wants it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from uuid import UUID

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import SynchronousOnlyOperation
from django.db import transaction

import durable
from durable import wake
from durable.authoring.registry import Registry
from durable.models import Event, Run
from durable.store import get_store
from durable.wake.inprocess import Counter

pytestmark = pytest.mark.django_db


def idle(ctx: durable.ContextSync) -> None:
    """Have nothing to do."""


@pytest.fixture(autouse=True)
def woken(fresh_registry: Registry, clock: ModuleType) -> Iterator[list[int]]:
    """Register one function, and remember how many workers were asked for."""
    define("f")
    counter = Counter()
    with wake.use(counter):
        yield counter.counts


def define(fn_id: str, event: str = "paid") -> None:
    durable.create_function(fn_id=fn_id, trigger=durable.TriggerEvent(event=event))(idle)


def paid(id: str = "", name: str = "paid", ts: int = 0) -> durable.Event:
    return durable.Event(name=name, data={"amount": 3}, id=id, ts=ts)


def test_an_event_is_stored_and_starts_its_function() -> None:
    (id,) = durable.send(paid())
    event = Event.objects.get()
    assert (str(event.pk), event.name, event.value) == (id, "paid", {"amount": 3})
    run = Run.objects.get()
    assert (run.function, run.event_id, run.status) == ("f", event.pk, "queued")


def test_an_event_that_nobody_wants_is_stored() -> None:
    durable.send(paid(name="ignored"))
    assert (Event.objects.count(), Run.objects.count()) == (1, 0)


def test_an_event_starts_every_function_that_wants_it() -> None:
    define("g")
    define("h", "*")
    define("other", "refunded")
    durable.send(paid())
    assert sorted(Run.objects.values_list("function", flat=True)) == ["f", "g", "h"]


@pytest.mark.timeout(300)
def test_an_event_starts_ten_thousand_functions() -> None:
    for number in range(9_999):
        define(f"fan-{number}")
    durable.send(paid())
    assert Run.objects.filter(event=Event.objects.get()).count() == 10_000


def test_events_are_sent_in_one_batch() -> None:
    ids = durable.send([paid("a"), paid("b"), paid(name="ignored")])
    assert [str(event.pk) for event in Event.objects.order_by("pk")] == ids
    assert Run.objects.count() == 2


def test_ids_are_uuids_that_sort_by_the_order_of_sending() -> None:
    ids = durable.send([paid() for _ in range(50)]) + durable.send(paid())
    assert ids == sorted(ids)
    assert {UUID(id).version for id in ids} == {7}


def test_no_events_send_nothing() -> None:
    assert durable.send([]) == []
    assert not Event.objects.exists()


def test_an_id_sent_again_starts_nothing_and_answers_with_the_first() -> None:
    first = durable.send(paid("charge-1"))
    assert durable.send(paid("charge-1")) == first
    assert (Event.objects.count(), Run.objects.count()) == (1, 1)


def test_an_id_twice_in_one_batch_is_one_event() -> None:
    first, again, other = durable.send([paid("charge-1"), paid("charge-1"), paid("charge-2")])
    assert first == again != other
    assert (Event.objects.count(), Run.objects.count()) == (2, 2)


def test_the_same_id_under_another_name_is_another_event() -> None:
    durable.send([paid("charge-1"), paid("charge-1", name="ignored")])
    assert Event.objects.count() == 2


def test_ids_differ_by_case() -> None:
    durable.send([paid("charge-a"), paid("charge-A")])
    assert Event.objects.count() == 2


def test_an_id_is_kept_as_it_was_given() -> None:
    durable.send(paid("Ärger 100% 🙂"))
    assert Event.objects.get().custom_id == "Ärger 100% 🙂"


def test_a_refused_event_refuses_the_whole_batch() -> None:
    with pytest.raises(durable.EventInvalidError, match=r"events\[1\]"):
        durable.send([paid(), durable.Event(name=""), paid()])
    assert not Event.objects.exists()


def test_an_event_may_say_when_it_happened() -> None:
    durable.send(paid(ts=1_700_000_000_000))
    event = Event.objects.get()
    assert event.ts == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert datetime.now(UTC) - event.received < timedelta(minutes=1)
    assert len(get_store().runs.claim("now")) == 1


def test_an_event_of_the_future_starts_its_functions_then(clock: ModuleType) -> None:
    then = datetime.now(UTC) + timedelta(hours=1)
    durable.send(paid(ts=int(then.timestamp() * 1000)))
    assert get_store().runs.claim("early") == []
    clock.travel(timedelta(hours=1, seconds=1))
    assert len(get_store().runs.claim("then")) == 1


def test_a_rollback_takes_the_event_back() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        durable.send(paid("charge-1"))
        _ = 1 / 0
    assert (Event.objects.count(), Run.objects.count()) == (0, 0)


def test_an_id_that_was_rolled_back_may_be_sent_again() -> None:
    with transaction.atomic():
        durable.send(paid("charge-1"))
        transaction.set_rollback(True)
    durable.send(paid("charge-1"))
    assert (Event.objects.count(), Run.objects.count()) == (1, 1)


def test_a_refused_event_leaves_the_transaction_of_the_caller_usable() -> None:
    with transaction.atomic():
        with pytest.raises(durable.EventInvalidError):
            durable.send(durable.Event(name=""))
        durable.send(paid())
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_are_woken_once_for_all_runs_of_a_batch(woken: list[int]) -> None:
    define("g")
    durable.send([paid(), paid(), paid(name="ignored")])
    assert woken == [4]


@pytest.mark.django_db(transaction=True)
def test_workers_are_woken_after_the_commit_of_the_caller(woken: list[int]) -> None:
    with transaction.atomic():
        durable.send(paid())
        assert woken == []
    assert woken == [1]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_by_a_rollback(woken: list[int]) -> None:
    with transaction.atomic():
        durable.send(paid())
        transaction.set_rollback(True)
    assert woken == []


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_an_event_that_is_known(woken: list[int]) -> None:
    durable.send(paid("charge-1"))
    durable.send(paid("charge-1"))
    assert woken == [1]


@pytest.mark.django_db(transaction=True)
def test_somebody_is_woken_for_an_event_that_starts_nothing(woken: list[int]) -> None:
    """A run may be waiting for it."""
    durable.send(paid(name="ignored"))
    assert woken == [1]


@pytest.mark.django_db(transaction=True)
def test_a_broken_wake_does_not_spoil_the_send() -> None:
    class Broken:
        def now(self, count: int) -> None:
            raise ConnectionError("no broker")

        def later(self, seconds: float) -> None:
            raise ConnectionError("no broker")

    with wake.use(Broken()):
        durable.send(paid())
    assert Run.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_async_code_sends_too(woken: list[int]) -> None:
    asend = async_to_sync(durable.asend)
    (id,) = asend(paid("charge-1"))
    assert asend([paid("charge-1")]) == [id]
    assert (Event.objects.count(), Run.objects.count(), woken) == (1, 1, [1])


@pytest.mark.django_db(transaction=True)
def test_async_code_that_does_not_await_is_told_what_to_write() -> None:
    async def act() -> None:
        durable.send(paid())

    with pytest.raises(SynchronousOnlyOperation, match=r"Write: await durable\.asend\(…\)"):
        async_to_sync(act)()
    assert Event.objects.count() == 0


@pytest.fixture
def unheard(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, which tells of events that start nothing."""
    caplog.set_level(logging.INFO, logger="durable.engine")
    return caplog


@pytest.mark.django_db(transaction=True)
def test_an_event_that_nobody_wants_is_logged_with_a_near_name(
    unheard: pytest.LogCaptureFixture,
) -> None:
    durable.send([paid(), paid(name="payd")])
    assert unheard.messages == ["no function is triggered by 'payd'; did you mean 'paid'?"]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_nobody_wants_is_logged_after_the_commit(
    unheard: pytest.LogCaptureFixture,
) -> None:
    with transaction.atomic():
        durable.send(paid(name="ignored"))
        assert unheard.messages == []
    assert unheard.messages == ["no function is triggered by 'ignored'"]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_was_sent_before_is_not_logged_again(
    unheard: pytest.LogCaptureFixture,
) -> None:
    durable.send(paid("charge-1"))
    durable.send(paid("charge-1"))
    assert unheard.messages == []
