"""Nobody comes in who does not belong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]


def test_nobody_is_asked_for_a_key() -> None:
    answer = Client().get("/durable/keys/")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="durable"'


def test_a_key_without_the_scope_is_refused(api: Api) -> None:
    answer = api("events.*").get("/durable/keys/")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_key_with_the_scope_comes_in(api: Api) -> None:
    assert api("keys.read").get("/durable/keys/").status_code == 200


def test_an_unknown_method_is_refused(api: Api) -> None:
    assert api().put("/durable/keys/").json()["code"] == "method_not_allowed"
