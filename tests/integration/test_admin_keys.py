"""Keys in the admin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from durable.access.credentials import admitted
from durable.models import Key, Operation
from durable.store import get_store

pytestmark = pytest.mark.django_db

URL = "/admin/durable/key/"
RIGHTS = {"name": "shop", "operations": "events.send", "events": "shop/*", "tenant": ""}


def staff(*codes: str) -> Client:
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client = Client()
    client.force_login(user)
    return client


def add(client: Client, **rights: str) -> Any:
    return client.post(f"{URL}add/", {**RIGHTS, **rights})


def act(client: Client, action: str, *keys: Key) -> Any:
    return client.post(URL, {"action": action, "_selected_action": [key.pk for key in keys]})


def secret_of(answer: Any) -> str:
    found = re.search(r"<code>(.+?)</code>", answer.content.decode())
    assert found is not None
    return found[1]


def test_a_key_is_made_and_its_secret_shown_once(admin_client: Client) -> None:
    answer = add(admin_client)
    assert "no-store" in answer["Cache-Control"]
    key = Key.objects.get()
    secret = secret_of(answer)
    assert admitted(get_store(), secret) == key
    assert secret not in admin_client.get(f"{URL}{key.pk}/change/").content.decode()
    assert secret not in admin_client.get(URL).content.decode()
    assert Operation.objects.get().via == "admin"
    assert LogEntry.objects.get().object_id == str(key.pk)


def test_wrong_rights_are_told(admin_client: Client) -> None:
    assert b"must name operations" in add(admin_client, operations="fly").content
    assert not Key.objects.exists()


def test_keys_are_rotated_and_revoked(admin_client: Client) -> None:
    add(admin_client)
    old = Key.objects.get()
    new = admitted(get_store(), secret_of(act(admin_client, "rotate", old)))
    assert new is not None
    assert new.replaces == old
    act(admin_client, "revoke", old)
    old.refresh_from_db()
    assert old.revoked is not None
    assert act(admin_client, "rotate", old).status_code == 302
    assert Key.objects.count() == 2
    said = Operation.objects.order_by("pk").values_list("action", flat=True)
    assert list(said) == ["create", "create", "rotate", "revoke"]
    _, rotated, revoked = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert rotated.startswith("rotate: expires: None → 20")
    assert rotated.endswith(f"; successor: None → {new.prefix}")
    assert revoked == f"revoke: revoked: None → {old.revoked}"


def test_who_may_view_does_nothing_else() -> None:
    client = staff("view_key")
    assert client.get(URL).status_code == 200
    assert add(client).status_code == 403
    key = Key.objects.create(prefix="dk000000000000", digest="x", created="2026-01-01T00:00Z")
    for action in ("rotate", "revoke"):
        act(client, action, key)
    assert Key.objects.filter(revoked=None).count() == 1


def test_nobody_gives_more_than_he_has() -> None:
    client = staff("view_key", "add_key", "change_key", "send_event")
    assert add(client, operations="runs.*").status_code == 403
    assert add(client).status_code == 200
    strong = Key.objects.create(
        prefix="dk000000000000", digest="x", operations="*", created="2026-01-01T00:00Z"
    )
    for action in ("rotate", "revoke"):
        assert act(client, action, strong).status_code == 403
    assert Key.objects.filter(revoked=None).count() == 2
