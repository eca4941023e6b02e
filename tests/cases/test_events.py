"""From an event to runs: which functions start, how often, and when."""

from __future__ import annotations

import time
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import OperationalError, transaction

import durable
from durable.models import Event, Run
from durable.store.waits import Waits
from tests.harness import EVENT, Player, journal, note

DAY = 24 * 3600


def tell(ctx: durable.ContextSync) -> dict[str, Any]:
    note("function")
    event = ctx.event
    return {"name": event.name, "id": event.id, "ts": event.ts, "data": dict(event.data)}


def on(*names: str) -> list[durable.TriggerEvent | durable.TriggerCron]:
    return [durable.TriggerEvent(event=name) for name in names]


def test_the_function_sees_the_event(player: Player) -> None:
    player.define(tell)
    run = player.settle(player.send({"size": 3}, id="mine", ts=1_700_000_000_123))
    assert run.result == {
        "name": EVENT,
        "id": "mine",
        "ts": 1_700_000_000_123,
        "data": {"size": 3},
    }


def test_an_event_without_an_id_has_its_rows(player: Player) -> None:
    run = player.play(tell)
    assert run.result["id"] == str(run.event_id)


def test_an_event_without_a_time_happened_now(player: Player) -> None:
    before = int(time.time() * 1000)
    run = player.play(tell)
    assert before <= run.result["ts"] <= time.time() * 1000


def test_every_function_it_triggers_runs(player: Player) -> None:
    player.define(tell, fn_id="first")
    player.define(tell, fn_id="second")
    player.define(tell, fn_id="other", trigger=on("case/other"))
    durable.send(durable.Event(name=EVENT))
    player.work()
    assert set(Run.objects.values_list("function", "status")) == {
        ("first", "completed"),
        ("second", "completed"),
    }


def test_several_matching_triggers_start_one_run(player: Player) -> None:
    player.define(tell, trigger=on(EVENT, "case/*", "*", EVENT))
    player.send()
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("pattern", "name", "runs"),
    [
        ("shop/*", "shop/order.paid", 1),
        ("shop/*", "shop/a/b", 1),
        ("shop/*", "shop", 0),
        ("shop/*", "shopping/order", 0),
        ("shop/order.*", "shop/order.paid", 1),
        ("shop/order.*", "shop/orders", 0),
        ("*", "anything", 1),
    ],
)
def test_a_wildcard_matches_what_begins_like_it(
    player: Player, pattern: str, name: str, runs: int
) -> None:
    player.define(tell, trigger=on(pattern))
    durable.send(durable.Event(name=name))
    assert Run.objects.count() == runs


def test_an_event_nobody_waits_for_is_kept(player: Player) -> None:
    (event_id,) = durable.send(durable.Event(name="case/unheard", data={"x": 1}))
    assert Event.objects.get(pk=event_id).value == {"x": 1}
    assert not Run.objects.exists()


def test_the_same_id_starts_one_run(player: Player) -> None:
    player.define(tell)
    event = durable.Event(name=EVENT, id="order-1")
    (first,) = durable.send(event)
    (second,) = durable.send(event)
    assert first == second
    player.work()
    assert journal == ["function"]


def test_the_same_id_within_one_batch_starts_one_run(player: Player) -> None:
    player.define(tell)
    event = durable.Event(name=EVENT, id="order-1")
    first, second = durable.send([event, event])
    assert first == second
    assert Run.objects.count() == 1


def test_the_same_id_of_another_name_is_another_event(player: Player) -> None:
    player.define(tell, trigger=on(EVENT, "case/other"))
    durable.send(durable.Event(name=EVENT, id="order-1"))
    durable.send(durable.Event(name="case/other", id="order-1"))
    assert Run.objects.count() == 2


@pytest.mark.parametrize("other", ["Order-1", "order-1 ", "ordér-1"])
def test_ids_that_only_look_alike_are_different(player: Player, other: str) -> None:
    player.define(tell)
    durable.send(durable.Event(name=EVENT, id="order-1"))
    durable.send(durable.Event(name=EVENT, id=other))
    assert Run.objects.count() == 2


def test_a_future_event_starts_its_runs_then(player: Player, clock: ModuleType) -> None:
    player.define(tell)
    run = player.send(ts=int((time.time() + DAY) * 1000))
    player.work()
    assert journal == []
    clock.travel(timedelta(seconds=DAY - 60))
    player.work()
    assert journal == []
    clock.travel(timedelta(seconds=61))
    player.work()
    run.refresh_from_db()
    assert (run.status, journal) == ("completed", ["function"])


def test_a_past_event_starts_its_runs_now(player: Player) -> None:
    player.define(tell)
    run = player.send(ts=1_000_000_000_000)
    player.work()
    run.refresh_from_db()
    assert run.status == "completed"


def test_a_rolled_back_transaction_sends_nothing(player: Player) -> None:
    player.define(tell)
    with pytest.raises(RuntimeError), transaction.atomic():
        durable.send(durable.Event(name=EVENT))
        raise RuntimeError("changed my mind")
    assert (Event.objects.count(), Run.objects.count()) == (0, 0)


def test_ids_come_in_the_order_of_the_events(player: Player) -> None:
    ids = durable.send([durable.Event(name=EVENT, data={"n": n}) for n in range(3)])
    assert [Event.objects.get(pk=one).value for one in ids] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_nothing_may_be_sent(player: Player) -> None:
    assert durable.send([]) == []


def test_async_code_may_send(player: Player) -> None:
    player.define(tell)
    (event_id,) = async_to_sync(durable.asend)(durable.Event(name=EVENT))
    assert Run.objects.get().event_id is not None
    assert str(Run.objects.get().event_id) == event_id


def test_one_event_may_start_many_runs(player: Player) -> None:
    for number in range(300):
        player.define(tell, fn_id=f"listener-{number}")
    durable.send(durable.Event(name=EVENT))
    player.work()
    assert Run.objects.filter(status="completed").count() == 300


@pytest.mark.django_db(transaction=True)
def test_what_goes_wrong_after_the_commit_does_not_make_the_send_look_failed(
    player: Player, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise OperationalError("the connection was lost")

    monkeypatch.setattr(Waits, "paths", fails)
    (event,) = durable.send(durable.Event(name="case/nobody-listens"))
    assert Event.objects.filter(pk=event).exists()
    assert "the connection was lost" in caplog.text
