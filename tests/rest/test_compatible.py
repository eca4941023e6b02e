"""`POST e/{key}`: the answers that the clients of Inngest expect."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.test import Client

import durable
from durable.authoring.registry import Registry
from durable.models import Event, Key, Run

pytestmark = pytest.mark.django_db

Send = Callable[..., Any]
PAID = {"name": "shop/paid", "data": {"order": 7}, "ts": 1_795_284_000_000}


@pytest.fixture(autouse=True)
def listener(fresh_registry: Registry) -> durable.Function:
    decorate = durable.create_function(
        fn_id="listener", trigger=durable.TriggerEvent(event="shop/paid")
    )
    return decorate(lambda ctx: None)


@pytest.fixture
def send(key: Callable[..., str]) -> Send:
    """Sends a body with a key of its own; returns the answer."""

    def send(
        body: Any, *, prefix: str = "", token: str = "", seed: str = "", **columns: Any
    ) -> Any:
        token = token or key("events.send", **columns)
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        headers = {"X-Inngest-Event-Id-Seed": seed} if seed else {}
        path = f"{prefix}/e/{token}"
        return Client().post(path, text, "application/json", headers=headers)

    return send


@pytest.mark.parametrize("prefix", ["", "/durable"])
def test_an_event_is_taken(send: Send, prefix: str) -> None:
    answer = send(PAID, prefix=prefix)
    event = Event.objects.get()
    assert (answer.status_code, answer.json()) == (200, {"ids": [str(event.pk)], "status": 200})
    assert (event.name, event.value, event.ts.timestamp()) == (
        "shop/paid",
        {"order": 7},
        1_795_284_000,
    )
    assert Run.objects.get().function == "listener"
    assert event.key == Key.objects.get().prefix


def test_what_the_clients_add_is_passed_over(send: Send) -> None:
    assert send({**PAID, "v": "1", "user": {}, "meta": None, "sessions": {}}).status_code == 200


@pytest.mark.parametrize("event", [{"name": "a"}, {"name": "a", "data": None, "id": "", "ts": 0}])
def test_what_is_left_out_is_filled_in(send: Send, event: Any) -> None:
    assert send(event).status_code == 200
    assert Event.objects.get().value == {}


def test_several_are_answered_in_order(send: Send) -> None:
    ids = send([{"name": f"a/{n}"} for n in range(3)]).json()["ids"]
    assert [Event.objects.get(pk=pk).name for pk in ids] == ["a/0", "a/1", "a/2"]


def test_no_event_is_one_empty_id(send: Send) -> None:
    assert send([]).json() == {"ids": [""], "status": 200}


def test_an_empty_name_is_refused(send: Send) -> None:
    answer = send({"name": "", "data": {}})
    assert answer.status_code == 400
    assert answer.json() == {"ids": [""], "status": 400, "error": "event name is empty"}


def test_what_is_in_front_of_a_bad_one_is_taken_and_nothing_behind_it(send: Send) -> None:
    answer = send([{"name": "a/0"}, {"name": ""}, {"name": "a/2"}])
    told = answer.json()
    assert (answer.status_code, told["status"], told["error"]) == (400, 400, "event name is empty")
    assert told["ids"] == [str(Event.objects.get(name="a/0").pk)]
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"name": "a", "data": [1]}, "event data must be an object"),
        ({"name": "a", "data": "x"}, "event data must be an object"),
        ({"name": "a", "ts": "now"}, "event ts must be an integer"),
        ({"name": "a", "ts": 1.5}, "event ts must be an integer"),
        ({"name": "a", "ts": True}, "event ts must be an integer"),
        ({"name": "a", "ts": 1}, "event ts must be between 1980 and 2100, in milliseconds"),
        ({"name": "a", "ts": 10**18}, "event ts must be between 1980 and 2100, in milliseconds"),
        ({"name": "inngest/x"}, "event name is reserved for internal use"),
        ({"name": 7}, "event name must be a string"),
        ({"name": "x" * 300}, "event name is longer than 256 characters"),
        ({"name": "a", "id": 7}, "event id must be a string"),
        (7, "an event must be an object"),
        ("[7]", "an event must be an object"),
        ('{"name":"a","data":{"x":1e999}}', "event data: There is no JSON for what is at $.x."),
        ("{", "It cannot be read at line 1, column 2."),
        ("", "There is no body."),
        ('{"name":"a\\u0000"}', "The text at $.name cannot be stored."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_told(send: Send, event: Any, error: str) -> None:
    answer = send(event)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert answer.json()["error"] == error
    assert not Event.objects.exists()


def test_over_three_megabytes_are_too_many(send: Send) -> None:
    for size in (3_200_000, 9_000_000):
        assert send({"name": "a", "data": {"x": "x" * size}}).status_code == 400
    assert not Event.objects.exists()


def test_the_first_five_thousand_are_taken(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("durable.rest.inngest_events.MOST", 5)
    answer = send([{"name": "a"}] * 7)
    assert answer.status_code == 400
    assert len(answer.json()["ids"]) == Event.objects.count() == 5


def test_an_id_starts_its_runs_once(send: Send) -> None:
    first, again = (send({**PAID, "id": "a"}).json() for _ in range(2))
    assert first == again
    assert Run.objects.count() == 1


def test_an_id_starts_its_runs_again_after_a_day(send: Send, clock: ModuleType) -> None:
    first = send({**PAID, "id": "a"}).json()
    clock.travel(timedelta(hours=23))
    assert send({**PAID, "id": "a"}).json() == first
    clock.travel(timedelta(hours=2))
    second = send({**PAID, "id": "a"}).json()
    assert second != first
    assert send({**PAID, "id": "a"}).json() == second
    assert Run.objects.count() == 2
    assert not Event.objects.filter(dedupe_key=None).exists()


def test_a_request_that_is_sent_again_counts_once(send: Send, key: Callable[..., str]) -> None:
    token = key()
    first, again = (send([PAID, PAID], token=token, seed="1795284000000,abc") for _ in range(2))
    assert first.json() == again.json()
    assert len(set(first.json()["ids"])) == Event.objects.count() == 2
    send([PAID], token=token, seed="1795284000000,abd")
    send([PAID], seed="1795284000000,abc")
    assert Event.objects.count() == 4


@pytest.mark.parametrize("token", ["x", "dk000000000000.x", "dk000000000000"])
def test_an_unknown_key_is_refused(send: Send, key: Callable[..., str], token: str) -> None:
    key()
    answer = send(PAID, token=token)
    assert answer.status_code == 401
    assert answer.json() == {"ids": [], "status": 401, "error": "Event key not found"}


def test_without_any_key_the_site_is_not_ready(send: Send) -> None:
    answer = send(PAID, token="x")
    assert (answer.status_code, answer.json()["status"]) == (503, 503)


def test_a_session_is_no_key(admin_client: Client, key: Callable[..., str]) -> None:
    key()
    assert admin_client.post("/e/x", PAID, "application/json").status_code == 401


def test_a_key_sends_what_its_scopes_say(send: Send) -> None:
    assert send(PAID, events=["pay/*"]).status_code == 403
    token = send(PAID, events=["shop/*"])
    assert token.status_code == 200
    assert Event.objects.count() == 1


def test_a_key_without_the_operation_sends_nothing(key: Callable[..., str], send: Send) -> None:
    answer = send(PAID, token=key("runs.*"))
    assert (answer.status_code, answer.json()["status"]) == (403, 403)


def test_events_are_of_the_tenant_of_the_key(send: Send) -> None:
    send({**PAID, "tenant": "globex"}, tenant="acme")
    assert Event.objects.get().tenant == "acme"


def test_too_many_requests_are_told_when_to_come_back(send: Send, key: Callable[..., str]) -> None:
    token = key(rate=1)
    send(PAID, token=token)
    answer = send(PAID, token=token)
    assert (answer.status_code, answer.json()["status"]) == (429, 429)
    assert int(answer["Retry-After"]) > 0


def test_pages_of_any_site_may_send(send: Send) -> None:
    asked = Client().options("/e/x", headers={"Origin": "https://shop.example"})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "*")
    assert send(PAID)["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in send(PAID)


@pytest.mark.parametrize(
    "body", [{"name": ""}, "{", PAID], ids=["refused", "malformed", "stranger"]
)
def test_the_key_is_not_in_the_answer_nor_in_the_log(
    send: Send, caplog: pytest.LogCaptureFixture, body: Any
) -> None:
    answer = send(body, events=["a"])
    assert answer.status_code >= 400
    prefix = Key.objects.get().prefix
    assert prefix not in answer.content.decode()
    assert prefix not in caplog.text
