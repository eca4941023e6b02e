"""Events through the API: all or none, once, for the tenant of the key."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import AsyncClient, Client

import durable
from durable.access import receipts
from durable.authoring.registry import Registry
from durable.engine.ingest import accept
from durable.models import Event, Key, Receipt, Run
from durable.rest import events as address
from durable.rest.events import EventsView
from durable.store import get_store
from tests.rest.lost_commit import lost_commit

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]
URL = "/durable/events/"
PAID = {"name": "shop/paid", "data": {"order": 7}}


@pytest.fixture(autouse=True)
def listener(fresh_registry: Registry) -> durable.Function:
    decorate = durable.create_function(
        fn_id="listener", trigger=durable.TriggerEvent(event="shop/paid")
    )
    return decorate(lambda ctx: None)


def post(client: Client, body: Any, **headers: str) -> Any:
    return client.post(URL, body, "application/json", headers=headers)


def test_an_event_is_stored_with_its_runs(api: Api) -> None:
    answer = post(api(), {**PAID, "subject": "shop.order:7"})
    assert answer.status_code == 201
    (sent,) = answer.json()["events"]
    event = Event.objects.get()
    assert sent == {"id": str(event.pk), "duplicate": False}
    assert (event.name, event.value, event.subject) == ("shop/paid", {"order": 7}, "shop.order:7")
    assert Run.objects.get().function == "listener"


def test_a_list_is_answered_in_its_order(api: Api) -> None:
    answer = post(api(), [{"name": f"a/{n}"} for n in range(5)])
    ids = [one["id"] for one in answer.json()["events"]]
    assert [Event.objects.get(pk=pk).name for pk in ids] == [f"a/{n}" for n in range(5)]


def test_one_bad_event_keeps_all_out_and_each_is_told_of(api: Api) -> None:
    bad = [{"name": ""}, PAID, {"data": {}}, PAID, {**PAID, "colour": "red"}]
    answer = post(api(), bad)
    assert answer.status_code == 422
    told = answer.json()["errors"]
    assert [(one["index"], one["code"], one["field"]) for one in told] == [
        (0, "invalid", "name"),
        (2, "invalid", "name"),
        (4, "unknown_field", "colour"),
    ]
    assert not Event.objects.exists()
    assert not Run.objects.exists()


def test_an_id_sent_again_is_a_duplicate(api: Api) -> None:
    first, again = (post(api(), {**PAID, "id": "a"}) for _ in range(2))
    (one,), (two,) = first.json()["events"], again.json()["events"]
    assert (again.status_code, two) == (200, {"id": one["id"], "duplicate": True})
    assert Event.objects.count() == Run.objects.count() == 1


def test_an_id_is_a_duplicate_within_a_list_too(api: Api) -> None:
    answer = post(api(), [{**PAID, "id": "a"}, {**PAID, "id": "a"}, PAID])
    assert [one["duplicate"] for one in answer.json()["events"]] == [False, True, False]
    assert Event.objects.count() == Run.objects.count() == 2


def test_the_order_of_keys_makes_no_other_content(api: Api) -> None:
    for text in (
        '{"name":"a","id":"1","data":{"x":1,"y":2}}',
        '{"data":{"y":2,"x":1},"id":"1","name":"a"}',
    ):
        assert post(api(), text).status_code in (201, 200)
    assert Event.objects.count() == 1


@pytest.mark.parametrize("other", [{"data": {"order": 8}}, {"subject": "shop.order:8"}], ids=str)
def test_an_id_sent_again_with_another_content_is_refused(api: Api, other: Any) -> None:
    post(api(), {**PAID, "id": "a"})
    answer = post(api(), [PAID, {**PAID, "id": "a", **other}])
    assert (answer.status_code, answer.json()["code"]) == (409, "event_conflict")
    assert answer.json()["errors"][0]["index"] == 1
    assert Event.objects.count() == 1


def test_an_event_says_with_which_key_it_was_sent(api: Api) -> None:
    post(api(), {**PAID, "id": "a"})
    first = Key.objects.get().prefix
    post(api(), [{**PAID, "id": "a"}, {"name": "b"}])
    second = Key.objects.exclude(prefix=first).get().prefix
    assert set(Event.objects.values_list("name", "key")) == {("shop/paid", first), ("b", second)}


def test_the_log_says_who_sent_what(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="durable.api")
    client = api()
    answer = post(client, [PAID, {"name": "b"}])
    post(client, {"name": ""})
    (record,) = (one for one in caplog.records if one.name == "durable.api")
    prefix, ids = Key.objects.get().prefix, [one["id"] for one in answer.json()["events"]]
    assert record.getMessage() == f"key {prefix}: events.send, 2"
    said = vars(record)
    assert (said["key"], said["operation"], said["count"]) == (prefix, "events.send", 2)
    assert said["ids"] == ids


def test_an_event_of_the_last_hour_keeps_its_time(api: Api, clock: ModuleType) -> None:
    moment = (clock.now() - timedelta(minutes=7)).replace(microsecond=0)
    post(
        api(), [{**PAID, "ts": moment.isoformat()}, {**PAID, "ts": int(moment.timestamp() * 1000)}]
    )
    assert {event.ts for event in Event.objects.all()} == {moment}


def test_a_key_sends_the_names_of_its_scope(api: Api) -> None:
    client = api(events=["shop/*", "a"])
    assert post(client, [PAID, {"name": "a"}]).status_code == 201
    answer = post(client, [PAID, {"name": "ab"}])
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert [one["index"] for one in answer.json()["errors"]] == [1]
    assert Event.objects.count() == 2


def test_a_key_sends_for_its_tenant(api: Api) -> None:
    client = api(tenant="acme")
    assert post(client, [{**PAID, "id": "a"}, {**PAID, "tenant": "acme"}]).status_code == 201
    assert set(Run.objects.values_list("tenant", flat=True)) == {"acme"}
    assert post(client, {**PAID, "tenant": "globex"}).status_code == 403
    assert (
        post(api(), {**PAID, "id": "a", "tenant": "globex"}).json()["events"][0]["duplicate"]
        is False
    )
    assert post(api(), {**PAID, "id": "a"}).json()["events"][0]["duplicate"] is False
    assert post(client, {**PAID, "id": "a"}).json()["events"][0]["duplicate"] is True


def test_a_user_with_the_permission_sends() -> None:
    user = User.objects.create_user("ada")
    user.user_permissions.add(Permission.objects.get(codename="send_event"))
    client = Client()
    client.force_login(user)
    assert post(client, PAID).status_code == 201


def test_a_site_under_asgi_takes_events(key: Callable[..., str]) -> None:
    post = async_to_sync(AsyncClient().post)
    headers = {"Authorization": f"Bearer {key()}"}
    assert post(URL, PAID, "application/json", headers=headers).status_code == 201
    too_large = b" " * (EventsView.max_body + 1)
    assert post(URL, too_large, "application/json", headers=headers).status_code == 413


def test_a_site_with_a_transaction_for_each_request_answers_after_the_commit(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, depths = api(), list[int]()

    def accepted(*args: Any, **named: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        return accept(*args, **named)

    monkeypatch.setattr(address, "accept", accepted)
    for is_atomic in (True, False):
        monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
        post(client, PAID)
    assert depths[0] == depths[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "7f3c"}])
def test_it_is_sent_once_though_the_connection_is_lost_at_the_commit(
    api: Api, headers: dict[str, str]
) -> None:
    client = api()
    with lost_commit() as commits:
        answer = post(client, [PAID, {**PAID, "id": "7"}], **headers)
    assert commits
    assert answer.status_code == 201
    assert [one["duplicate"] for one in answer.json()["events"]] == [False, False]
    assert (Event.objects.count(), Run.objects.count()) == (2, 2)


def test_who_is_called_as_another_is_given_none_of_its_answers(
    api: Api, admin_client: Client
) -> None:
    key = api()
    User.objects.update(username=str(Key.objects.get().actor))
    for client in (key, admin_client):
        assert "Idempotency-Replayed" not in post(client, PAID, **{"Idempotency-Key": "1"})
    assert Event.objects.count() == 2


def test_an_event_costs_one_transaction(
    api: Api, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = api()
    post(client, PAID)  # the first notes that the key is used
    with django_assert_num_queries(6):
        post(client, {**PAID, "id": "7"})


def test_nothing_is_sent_when_the_commit_fails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise ValueError

    monkeypatch.setattr(address, "_check_repeated", fail)
    with pytest.raises(ValueError):
        post(api(), PAID)
    assert not Event.objects.exists()


AGAIN = {"Idempotency-Key": "7f3c"}


def test_a_request_sent_again_has_the_first_answer(api: Api) -> None:
    client = api()
    first, again = (post(client, PAID, **AGAIN) for _ in range(2))
    assert (
        (again.status_code, again.json())
        == (first.status_code, first.json())
        == (201, first.json())
    )
    assert again["Idempotency-Replayed"] == "true"
    assert Event.objects.count() == 1


def test_another_request_with_the_same_key_is_refused(api: Api) -> None:
    client = api()
    post(client, PAID, **AGAIN)
    answer = post(client, {**PAID, "data": {}}, **AGAIN)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert Event.objects.count() == 1


def test_a_request_that_is_being_worked_on_is_not_done_twice(api: Api) -> None:
    client = api()
    post(client, PAID, **AGAIN)
    Receipt.objects.update(status=None)
    answer = post(client, PAID, **AGAIN)
    assert (answer.status_code, answer.json()["code"]) == (409, "in_flight")
    assert answer["Retry-After"] == "1"


def test_a_request_whose_worker_was_lost_is_done_again(api: Api, clock: ModuleType) -> None:
    client = api()
    post(client, PAID, **AGAIN)
    Receipt.objects.update(status=None)
    Run.objects.all().delete()
    Event.objects.all().delete()
    clock.travel(timedelta(seconds=61))
    assert post(client, PAID, **AGAIN).status_code == 201


def test_who_was_overtaken_keeps_nothing(api: Api) -> None:
    store = get_store()
    held = receipts.take(store, "a", "b")
    assert isinstance(held, receipts.Held)
    Receipt.objects.update(holder="another")
    with pytest.raises(receipts.InFlightError):
        receipts.settle(store, held, receipts.Answered(status=200, body="{}"))


def test_a_refused_request_may_be_mended_and_sent_again(api: Api) -> None:
    client = api()
    assert post(client, {"name": ""}, **AGAIN).status_code == 422
    assert post(client, PAID, **AGAIN).status_code == 201


def test_keys_of_two_programs_are_two(api: Api) -> None:
    assert [post(api(), PAID, **AGAIN).status_code for _ in range(2)] == [201, 201]
    assert Event.objects.count() == 2


@pytest.mark.parametrize("given", ["", "x" * 256, "a b", "\x7f"])
def test_a_key_that_is_none_is_refused(api: Api, given: str) -> None:
    answer = post(api(), PAID, **{"Idempotency-Key": given})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not Event.objects.exists()


def test_a_key_is_forgotten_after_a_day(api: Api, clock: ModuleType) -> None:
    client = api()
    post(client, PAID, **AGAIN)
    clock.travel(timedelta(hours=25))
    assert post(client, PAID, **AGAIN).status_code == 201
    assert (Event.objects.count(), Receipt.objects.count()) == (2, 1)


def test_the_answer_is_json_without_a_trace_of_the_body(api: Api) -> None:
    answer = post(api(), {"name": "canary-7", "data": "canary-7", "canary 7": 1})
    assert "canary" not in json.dumps(answer.json())
