"""Keys: made, shown once, used, rotated, revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from durable.models import Key, Operation

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]
URL = "/durable/keys/"


def post(client: Client, path: str = "", body: Any = None) -> Any:
    return client.post(f"{URL}{path}", body or {}, "application/json")


def bearer(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def status(token: str) -> int:
    return bearer(token).get(URL).status_code


def test_a_key_is_shown_once_and_works(api: Api) -> None:
    made = post(api(), body={"name": "shop", "operations": ["keys.read"], "events": ["shop/*"]})
    assert made.status_code == 201
    assert "no-store" in made["Cache-Control"]
    shown = made.json()
    secret = shown.pop("secret")
    assert status(secret) == 200
    looked = bearer(secret).get(f"{URL}{shown['prefix']}/").json()
    assert looked.pop("used") is not None
    assert shown.pop("used") is None
    assert looked == shown
    assert secret not in bearer(secret).get(URL).content.decode()


def test_no_secret_is_stored(key: Callable[..., str]) -> None:
    secret = key().partition(".")[2]
    assert len(secret) == 43
    assert not [row for row in Key.objects.values() if secret in str(row)]
    assert not [row for row in Operation.objects.values() if secret in str(row)]


@pytest.mark.parametrize("spoil", ["x", " ", "", "é", "\0"])
def test_a_wrong_secret_is_refused_without_a_reason(key: Callable[..., str], spoil: str) -> None:
    prefix, _, secret = key().partition(".")
    said = [
        bearer(token).get(URL)
        for token in (f"{prefix}.{spoil}", f"{prefix}{spoil}.{secret}", f"{prefix}.", "dk", secret)
        if token.isascii() and token.isprintable()
    ]
    good = [one for one in said if one.status_code == 200]
    assert len(good) == (spoil == "")
    bodies = {one.content for one in said if one not in good}
    assert len(bodies) == 1


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic abc", "Token x", "Bearer a b c"])
def test_other_ways_to_say_it_are_refused(header: str) -> None:
    assert Client(headers={"Authorization": header}).get(URL).status_code == 401


def test_a_revoked_key_is_refused_at_once(api: Api, key: Callable[..., str]) -> None:
    token = key()
    prefix = token.partition(".")[0]
    answer = post(api(), f"{prefix}/revoke/")
    assert answer.json()["revoked"] is not None
    assert status(token) == 401
    assert post(api(), f"{prefix}/revoke/").json()["revoked"] == answer.json()["revoked"]
    assert Operation.objects.filter(action="revoke", target=prefix).count() == 1


def test_an_expired_key_is_refused(api: Api, clock: ModuleType, key: Callable[..., str]) -> None:
    token = key(expires=clock.now() + timedelta(hours=1))
    assert status(token) == 200
    clock.travel(timedelta(hours=2))
    assert status(token) == 401


def test_both_keys_work_while_a_rotation_lasts(
    api: Api, clock: ModuleType, key: Callable[..., str]
) -> None:
    old = key(tenant="acme", rate=60, events=["a/*"])
    made = post(api(), f"{old.partition('.')[0]}/rotate/", {"overlap": 60}).json()
    assert {made["tenant"], made["rate"], *made["events"]} == {"acme", 60, "a/*"}
    assert (status(old), status(made["secret"])) == (200, 200)
    clock.travel(timedelta(seconds=61))
    assert (status(old), status(made["secret"])) == (401, 200)


def test_a_revoked_key_is_not_rotated(api: Api, key: Callable[..., str]) -> None:
    prefix = key().partition(".")[0]
    post(api(), f"{prefix}/revoke/")
    refused = post(api(), f"{prefix}/rotate/")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_the_use_of_a_key_is_noted_once_a_minute(
    clock: ModuleType, key: Callable[..., str]
) -> None:
    token = key()
    assert Key.objects.get().used is None
    status(token)
    first = Key.objects.get().used
    status(token)
    assert first is not None
    assert Key.objects.get().used == first
    clock.travel(timedelta(minutes=2))
    status(token)
    assert Key.objects.filter(used__gt=first).exists()


def test_the_book_says_who_made_and_rotated_what(api: Api) -> None:
    client = api()
    mine = Key.objects.get().prefix
    prefix = post(client, body={"name": "a"}).json()["prefix"]
    post(client, f"{prefix}/rotate/")
    said = Operation.objects.filter(target=prefix).order_by("pk")
    assert [(one.who, one.via, one.action) for one in said] == [
        (f"key {mine}", "api", "create"),
        (f"key {mine}", "api", "rotate"),
    ]


def test_a_key_of_a_tenant_sees_keys_of_its_tenant(api: Api, key: Callable[..., str]) -> None:
    other, own = (key(tenant=name).partition(".")[0] for name in ("globex", "acme"))
    client = api(tenant="acme")
    assert {one["tenant"] for one in client.get(URL).json()["results"]} == {"acme"}
    assert client.get(f"{URL}{own}/").status_code == 200
    for path in (f"{other}/rotate/", f"{other}/revoke/"):
        assert post(client, path).status_code == 404
    assert client.get(f"{URL}{other}/").status_code == 404


@pytest.mark.parametrize(
    ("mine", "wanted"),
    [
        ({"operations": "keys.*"}, {"operations": ["events.send"]}),
        ({"operations": "keys.* events.send"}, {"operations": ["events.*"]}),
        ({"events": ["shop/*"]}, {"events": ["*"]}),
        ({"events": ["shop/*"]}, {"events": ["shop*"]}),
        ({"tenant": "acme"}, {"tenant": "globex"}),
    ],
)
def test_a_key_makes_none_that_may_do_more(api: Api, mine: Any, wanted: Any) -> None:
    refused = post(api(**mine), body={"name": "more", **wanted})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert Key.objects.count() == 1


def test_a_key_makes_none_that_lasts_longer(api: Api, clock: ModuleType) -> None:
    client = api(expires=clock.now() + timedelta(hours=1))
    assert post(client, body={"name": "for ever"}).status_code == 403
    soon = (clock.now() + timedelta(minutes=30)).isoformat()
    assert post(client, body={"name": "shorter", "expires": soon}).status_code == 201


def test_a_key_does_not_rotate_one_that_may_do_more(api: Api, key: Callable[..., str]) -> None:
    prefix = key().partition(".")[0]
    assert post(api("keys.*"), f"{prefix}/rotate/").status_code == 403


def test_what_a_key_of_a_tenant_makes_is_of_the_tenant(api: Api) -> None:
    assert post(api(tenant="acme"), body={"name": "a"}).json()["tenant"] == "acme"


def test_a_user_makes_no_key_that_may_do_more() -> None:
    user = User.objects.create_user("ada")
    codes = ["add_key", "send_event"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client = Client()
    client.force_login(user)
    assert post(client, body={"name": "a", "operations": ["runs.read"]}).status_code == 403
    assert post(client, body={"name": "a"}).status_code == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": 7},
        {"name": "a", "operations": []},
        {"name": "a", "operations": ["runs.fly"]},
        {"name": "a", "operations": "runs.*"},
        {"name": "a", "events": []},
        {"name": "a", "events": ["a\nb"]},
        {"name": "a", "rate": 0},
        {"name": "a", "expires": "2020-01-01T00:00:00Z"},
        {"name": "a", "expires": "soon"},
        {"name": "a", "secret": "mine"},
    ],
    ids=str,
)
def test_wrong_rights_are_refused(api: Api, wrong: Any) -> None:
    refused = post(api(), body=wrong)
    assert refused.status_code == 422
    assert refused.json()["code"] in ("invalid", "unknown_field")
    assert Key.objects.count() == 1


def test_too_many_requests_are_refused_and_told_when_to_come_back(api: Api) -> None:
    client = api(rate=2)
    said = [client.get(URL) for _ in range(3)]
    assert [one.status_code for one in said] == [200, 200, 429]
    assert said[2].json()["code"] == "throttled"
    assert 0 < int(said[2]["Retry-After"]) <= 60
    assert api(rate=2).get(URL).status_code == 200


def test_a_key_gets_its_requests_back_evenly(clock: ModuleType, key: Callable[..., str]) -> None:
    token = key(rate=4)
    assert [status(token) for _ in range(5)] == [200] * 4 + [429]
    clock.travel(timedelta(seconds=16))
    assert [status(token) for _ in range(2)] == [200, 429]
    clock.travel(timedelta(minutes=5))
    assert [status(token) for _ in range(5)] == [200] * 4 + [429]


@pytest.mark.parametrize("rate", [None, 61])
def test_a_key_makes_none_that_may_ask_more_often(api: Api, rate: int | None) -> None:
    client = api(rate=60)
    assert post(client, body={"name": "often", "rate": rate}).status_code == 403
    assert post(client, body={"name": "as often", "rate": 60}).status_code == 201
