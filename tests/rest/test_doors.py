"""Nobody comes in who does not belong: by default nobody does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from durable.access.scopes import OPERATIONS
from durable.models import Key, Operation
from durable.rest.base import View

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
OPEN = ("options", "/e/x")  # browsers ask so before they send, and do not say who they are
ARGUMENT = re.compile(r"<[^>]*>|\(\?P<[^>]*>(?:[^()]|\([^)]*\))*\)")


def routes(patterns: Any, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for one in patterns:
        here = prefix + str(one.pattern).lstrip("^").replace("\\Z", "").rstrip("$")
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, here)
        elif isinstance(one, URLPattern):
            yield ARGUMENT.sub("x", here).replace("/?", ""), one.callback


def mine() -> list[tuple[str, Any]]:
    """Return the addresses of the views of the package, but those that check signatures themselves."""
    found = list(routes(get_resolver("tests.rest.urls").url_patterns))
    guarded = [(path, view) for path, view in found if is_guarded(view)]
    others = [path for path, view in found if not is_guarded(view)]
    assert len(guarded) > 10
    assert not [path for path in others if "hooks" not in path]
    return guarded


def is_guarded(view: Any) -> bool:
    return issubclass(getattr(view, "cls", object), View)


def answers(client: Client, path: str, view: Any) -> Iterator[tuple[str, int]]:
    for method in METHODS:
        if not (method == OPEN[0] and path.endswith(OPEN[1])):
            yield method, getattr(client, method)(path).status_code


def test_nobody_comes_in_anywhere(key: Callable[..., str]) -> None:
    key()
    for path, view in mine():
        found = {status for _, status in answers(Client(), path, view)}
        assert found <= {401, 405}, path
        assert 401 in found, path


def test_a_user_without_permissions_comes_in_nowhere(key: Callable[..., str]) -> None:
    key()
    client = Client()
    client.force_login(User.objects.create_user("ada"))
    for path, view in mine():
        found = {status for _, status in answers(client, path, view)}
        assert found - {405} in ({403}, {401}), path


def test_a_key_without_scopes_comes_in_nowhere(api: Api) -> None:
    client = api()
    Key.objects.update(operations="")
    for path, view in mine():
        found = {status for _, status in answers(client, path, view)}
        assert found - {405} in ({403}, {401}), path


def test_every_view_says_what_it_does() -> None:
    for path, view in mine():
        actions = (getattr(view, "actions", None) or {}).values()
        names = [view.cls.operations.get(one, view.cls.operation) for one in actions]
        names += [] if actions else [view.cls.operation, *view.cls.operations.values()]
        assert [name for name in names if name], path
        assert not [name for name in names if name and name not in OPERATIONS], path


def needed() -> Iterator[tuple[str, str, str]]:
    """Return address, method and operation of all that can be asked for with a key in the header."""
    for path, view in mine():
        actions = getattr(view, "actions", None)
        for method in METHODS:
            name = (actions or {}).get(method, "") if actions else method.upper()
            if name and (actions or hasattr(view.cls, method)) and not path.endswith("/e/x"):
                yield path, method, view.cls.operations.get(name, view.cls.operation)


def test_each_operation_opens_its_own_doors_and_no_other(api: Api) -> None:
    only = {name: api(name) for name in OPERATIONS}
    without = {name: api(" ".join(set(OPERATIONS) - {name})) for name in OPERATIONS}
    asked = list(needed())
    assert {name for _, _, name in asked} >= {"runs.cancel", "events.send", "keys.change"}
    for path, method, name in asked:
        assert getattr(only[name], method)(path).status_code not in (401, 403), (path, method)
        assert getattr(without[name], method)(path).status_code == 403, (path, method)


@override_settings(DEBUG=True)
def test_what_is_sent_arrives_with_and_without_a_slash_at_the_end(api: Api) -> None:
    client = api()
    posted = [path for path, method, _ in needed() if method == "post"]
    assert len(posted) > 10
    for path in [*posted, "/e/x", "/durable/e/x"]:
        other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
        known, asked = (
            client.post(one, b"{}", "application/json", headers={"Accept": "application/json"})
            for one in (path, other)
        )
        assert asked.status_code == known.status_code < 500, other
        assert asked["Content-Type"] == known["Content-Type"], other
        assert asked.json() == known.json(), other


def test_every_operation_is_a_permission_that_can_be_given() -> None:
    known = {
        f"{one.content_type.app_label}.{one.codename}"
        for one in Permission.objects.select_related("content_type")
    }
    assert set(OPERATIONS.values()) <= known


def test_nobody_is_asked_for_a_key() -> None:
    answer = Client().get("/durable/keys/")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="durable"'


@pytest.mark.parametrize(
    ("scopes", "status"),
    [("keys.read", 200), ("keys.*", 200), ("*", 200), ("events.*", 403), ("keys.create", 403)],
)
def test_a_key_does_what_its_scopes_say(api: Api, scopes: str, status: int) -> None:
    answer = api(scopes).get("/durable/keys/")
    assert answer.status_code == status
    assert status == 200 or answer.json()["code"] == "forbidden"


def test_a_user_does_what_the_permissions_say() -> None:
    user = User.objects.create_user("ada")
    user.user_permissions.add(Permission.objects.get(codename="view_key"))
    client = Client()
    client.force_login(user)
    assert client.get("/durable/keys/").status_code == 200
    assert client.post("/durable/keys/", {}, "application/json").status_code == 403


def test_a_session_needs_the_token_against_forged_requests() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_superuser("root"))
    answer = client.post("/durable/keys/", {"name": "forged"}, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert not Operation.objects.exists()


def test_a_cache_of_the_site_gives_an_answer_to_nobody_else(api: Api) -> None:
    cached = "django.middleware.cache"
    around = [f"{cached}.UpdateCacheMiddleware", *settings.MIDDLEWARE]
    with override_settings(MIDDLEWARE=[*around, f"{cached}.FetchFromCacheMiddleware"]):
        for path in ("/durable/keys/", "/durable/runs/", "/durable/functions/", "/durable/schema/"):
            assert api().get(path).status_code == 200
            assert Client().get(path).status_code == 401, path
            assert api("events.send").get(path).status_code == 403, path
    cache.clear()


def test_an_unknown_method_is_refused(api: Api) -> None:
    assert api().put("/durable/keys/").json()["code"] == "method_not_allowed"
    for name in ("PAGE", "TENANT", "INITIAL", "dispatch"):  # what views have, and is no method
        for path in ("/durable/runs/", "/durable/events/"):
            assert api().generic(name, path).status_code == 405, (name, path)


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("application/json; version=1", 200),
        ("application/json; version=2", 406),
        ("application/json; version=", 406),
    ],
)
def test_a_version_that_there_is_not_is_refused(api: Api, accept: str, status: int) -> None:
    assert api().get("/durable/keys/", headers={"Accept": accept}).status_code == status
    assert Client().get("/durable/keys/", headers={"Accept": accept}).status_code == 401


def test_the_browsable_pages_work(api: Api) -> None:
    shown = api().get("/durable/keys/", headers={"Accept": "text/html"})
    assert shown.status_code == 200
    assert "text/html" in shown["Content-Type"]
    for path, _ in mine():
        assert api().get(path, headers={"Accept": "text/html"}).status_code < 500, path
    refused = Client().get("/durable/keys/", headers={"Accept": "text/html"})
    assert refused.status_code == 401
    assert "text/html" in refused["Content-Type"]
