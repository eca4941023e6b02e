"""A signed delivery becomes an event, once; everything else is refused and leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from django.test import Client, override_settings

import durable
from durable import clock
from durable.authoring.registry import Registry
from durable.models import Event, Run
from tests.unit.webhooks.test_signature import (
    SECRET,
    STANDARD_SECRET,
    as_github,
    as_slack,
    as_standard,
    as_stripe,
)

pytestmark = pytest.mark.django_db
HERE = "tests.integration.webhooks.sources"
SOURCES: Mapping[str, Any] = {
    "github": {"SCHEME": "github", "SECRETS": ["old", SECRET]},
    "stripe": {"SCHEME": "stripe", "SECRETS": [SECRET]},
    "slack": {"SCHEME": "slack", "SECRETS": [SECRET]},
    "crm": {"SCHEME": "standard", "SECRETS": [STANDARD_SECRET]},
    "own": {"SCHEME": f"{HERE}.knows_the_word", "SECRETS": ["sesame"]},
    "vague": {"SCHEME": f"{HERE}.answers_something", "SECRETS": ["sesame"]},
    "paid": {"SCHEME": "stripe", "SECRETS": [SECRET], "EVENT": f"{HERE}.paid"},
    "mails": {"SCHEME": "standard", "SECRETS": [STANDARD_SECRET], "EVENT": f"{HERE}.each_mail"},
    "named": {"SCHEME": "stripe", "SECRETS": [SECRET], "EVENT": f"{HERE}.with_an_id"},
    "broken": {"SCHEME": "stripe", "SECRETS": [SECRET], "EVENT": f"{HERE}.breaks"},
    "careful": {"SCHEME": "github", "SECRETS": [SECRET], "EVENT": f"{HERE}.by_body"},
    "open": {"SCHEME": "github", "SECRETS": []},
    "wrong": {"SCHEME": "gitbub", "SECRETS": [SECRET]},
}


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    settings = {"WEBHOOKS": SOURCES, "MAX_EVENT_BYTES": 10_000}
    with override_settings(ROOT_URLCONF="durable.webhooks.urls", DURABLE=settings):
        yield


def now() -> int:
    return int(clock.now().timestamp())


def post(source: str, body: bytes, headers: Mapping[str, str], **more: Any) -> Any:
    media = more.pop("content_type", "application/json")
    return Client(**more).post(f"/hooks/{source}/", body, content_type=media, headers=headers)


def push(body: Any = b'{"ref": "main"}', source: str = "github", **headers: str) -> Any:
    sent = {"X-GitHub-Event": "push", "X-GitHub-Delivery": "d-1", **as_github(body), **headers}
    return post(source, body, sent)


def charge(source: str, body: bytes) -> Any:
    return post(source, body, as_stripe(body, moment=now()))


def only_event() -> tuple[str, str, Any]:
    event = Event.objects.get()
    return event.name, event.custom_id, event.value


def test_github_pushes() -> None:
    answer = push()
    assert (answer.status_code, answer.json()) == (200, {"ids": [str(Event.objects.get().pk)]})
    assert only_event() == ("github/push", "d-1", {"ref": "main"})


def test_a_site_may_count_each_body_of_github_once_whatever_its_headers_say() -> None:
    first = push(source="careful").json()
    others = {"X-GitHub-Delivery": "d-2", "X-GitHub-Event": "issues"}
    assert push(source="careful", **others).json() == first
    assert push(b'{"ref": "next"}', source="careful").json() != first
    assert Event.objects.count() == 2


def test_stripe_charges() -> None:
    body = b'{"id": "evt_1", "type": "charge.succeeded"}'
    assert charge("stripe", body).status_code == 200
    assert only_event() == ("stripe/charge.succeeded", "evt_1", json.loads(body))


def test_slack_tells_of_a_mention() -> None:
    body = b'{"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}}'
    assert post("slack", body, as_slack(body, moment=now())).status_code == 200
    assert only_event() == ("slack/app_mention", "Ev1", json.loads(body))


def test_slack_sends_a_command_as_a_form() -> None:
    body = b"command=%2Fpay&trigger_id=1.2"
    media = "application/x-www-form-urlencoded"
    answer = post("slack", body, as_slack(body, moment=now()), content_type=media)
    assert answer.status_code == 200
    assert only_event() == ("slack/command", "1.2", {"command": "/pay", "trigger_id": "1.2"})


def test_slack_is_answered_its_challenge_and_nothing_is_stored() -> None:
    body = b'{"type": "url_verification", "challenge": "abc"}'
    answer = post("slack", body, as_slack(body, moment=now()))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "abc"})
    assert not Event.objects.exists()


def test_a_standard_webhook_is_named_by_its_type() -> None:
    body = b'{"type": "contact.created", "data": {}}'
    assert post("crm", body, as_standard(body, moment=now())).status_code == 200
    assert only_event() == ("crm/contact.created", "msg_1", json.loads(body))


def test_a_function_of_the_site_may_say_who_is_let_in() -> None:
    assert post("own", b'{"a": 1}', {"X-Word": "sesame"}).status_code == 200
    assert only_event() == ("own/received", "", {"a": 1})
    assert post("own", b'{"a": 1}', {"X-Word": "barley"}).status_code == 401


def test_only_true_lets_in() -> None:
    assert post("vague", b"{}", {}).status_code == 401


def test_a_delivery_starts_functions(fresh_registry: Registry) -> None:
    trigger = durable.TriggerEvent(event="github/*")
    durable.create_function(fn_id="deploy", trigger=trigger)(lambda ctx: None)
    push()
    assert Run.objects.get().function == "deploy"


def test_a_delivery_that_comes_again_is_stored_once() -> None:
    first, again = push(), push()
    assert again.status_code == 200
    assert again.json() == first.json()
    assert Event.objects.count() == 1


def test_a_function_of_the_site_may_map_it() -> None:
    charge("paid", b'{"id": "evt_1", "type": "charge.succeeded"}')
    assert only_event() == ("shop/order.paid", "evt_1", {"charge": "evt_1"})


def test_what_the_site_does_not_want_is_taken_and_dropped() -> None:
    answer = charge("paid", b'{"id": "evt_1", "type": "charge.failed"}')
    assert (answer.status_code, answer.json()) == (200, {"ids": []})


def test_a_delivery_may_become_several_events_each_of_them_once() -> None:
    body = b'{"mails": [{"n": 1}, {"n": 2}]}'
    answers = [post("mails", body, as_standard(body, moment=now())) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    found = {(e.custom_id, json.dumps(e.value)) for e in Event.objects.all()}
    assert found == {("msg_1", '{"n": 1}'), ("msg_1:1", '{"n": 2}')}


def test_an_id_that_the_site_gives_is_kept() -> None:
    charge("named", b'{"id": "evt_1"}')
    assert only_event()[1] == "order-17"


def test_a_mistake_in_the_sites_function_is_no_success() -> None:
    body = b'{"id": "evt_1"}'
    answer = post("broken", body, as_stripe(body, moment=now()), raise_request_exception=False)
    assert answer.status_code == 500
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (lambda: post("github", b"{}", {"X-GitHub-Event": "push"}), 401, "unauthenticated"),
        (lambda: push(**{"X-Hub-Signature-256": "sha256=00"}), 401, "unauthenticated"),
        (lambda: push(source="nobody"), 404, "not_found"),
        (lambda: push(source="open"), 503, "unavailable"),
        (lambda: push(source="wrong"), 503, "unavailable"),
        (lambda: Client().get("/hooks/github/"), 405, "method_not_allowed"),
        (lambda: push(b'{"a":'), 400, "malformed_json"),
        (lambda: push(b"[]"), 422, "invalid"),
        (lambda: push(b'{"a": "\\u0000"}'), 422, "invalid"),
        (lambda: push(b'{"a": "\\ud800"}'), 422, "invalid"),
        (lambda: push(b'{"a":' * 70 + b"1" + b"}" * 70), 422, "invalid"),
        (lambda: push(b'{"a": "' + b"a" * 10_000 + b'"}'), 413, "too_large"),
        (lambda: push(**{"X-GitHub-Event": ""}), 422, "invalid"),
        (lambda: push(**{"X-GitHub-Event": "e" * 300}), 422, "invalid"),
        (lambda: push(**{"X-GitHub-Delivery": "d" * 300}), 422, "invalid"),
    ],
    ids=[
        "no signature",
        "wrong signature",
        "unknown source",
        "no secret",
        "wrong scheme",
        "GET",
        "cut JSON",
        "a list",
        "NUL",
        "surrogate",
        "deep",
        "large",
        "no kind",
        "long kind",
        "long id",
    ],
)
def test_what_is_refused_is_told_why_and_stores_nothing(
    answer: Any, status: int, code: str
) -> None:
    refusal = answer()
    assert (refusal.status_code, refusal.json()["code"]) == (status, code)
    assert refusal.json()["status"] == status
    assert refusal.headers["Content-Type"] == "application/problem+json"
    assert not Event.objects.exists()


def test_a_refusal_does_not_repeat_the_body() -> None:
    body = b'{"canary-in-a-key": "\\u0000"}'
    assert b"canary" not in push(body).content


def test_an_address_without_its_last_slash_is_taken() -> None:
    body = b"{}"
    headers = {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "d", **as_github(body)}
    answer = Client().post(
        "/hooks/github", body, content_type="application/json", headers=cast(Any, headers)
    )
    assert answer.status_code == 200


def test_neither_a_token_nor_a_login_is_asked_for() -> None:
    login = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    chain = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        login,
    ]
    body = b"{}"
    headers = {"X-GitHub-Event": "ping", "X-GitHub-Delivery": "d", **as_github(body)}
    with override_settings(MIDDLEWARE=chain):
        assert post("github", body, headers, enforce_csrf_checks=True).status_code == 200


def test_an_event_that_cannot_be_committed_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(events: object) -> None:
        raise ConnectionError("the database went away")

    monkeypatch.setattr("durable.webhooks.intake.ingest", lost)
    body = b'{"id": "evt_1", "type": "a"}'
    answer = post("stripe", body, as_stripe(body, moment=now()), raise_request_exception=False)
    assert answer.status_code == 500


def test_no_file_of_webhooks_needs_rest_framework() -> None:
    folder = Path(durable.__file__).parent / "webhooks"
    assert not [p for p in folder.glob("*.py") if "rest_framework" in p.read_text()]
