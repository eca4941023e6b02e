"""What the pages on events, keys and tenants show is typed at a live site, and comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer

import durable
from durable.access.keys import Made, Rights, make
from durable.models import Event, Key, Run
from durable.operations.audit import Actor
from durable.store import get_store
from tests.docs.conftest import Read
from tests.docs.pages import page
from tests.docs.shell import Shell, check, is_possible, typed
from tests.harness import Player

can_type = pytest.mark.skipif(not is_possible(), reason="sh, curl or openssl is missing")


def new_key(*, signs: bool = False) -> Made:
    rights = Rights(name="docs", operations=["*"])
    return make(get_store(), Actor(who="a test", via="command"), rights.key(), signs=signs)


@pytest.fixture
def shell(live_server: LiveServer, tmp_path: Path) -> Iterator[Shell]:
    """A shell that knows the site, a key, and one that signs."""
    signer = new_key(signs=True)
    with override_settings(ROOT_URLCONF="tests.rest.urls"):
        yield Shell(
            {
                "SITE": live_server.url,
                "KEY": new_key().secret,
                "SIGNER": signer.key.prefix,
                "SIGNING_SECRET": signer.secret,
                "FOLDER": str(tmp_path),
            }
        )


def hold(name: str, shell: Shell) -> None:
    for one in typed(page(name)):
        if not one.command.startswith("python manage.py"):
            printed = shell.run(one.command)
            assert one.shown or not printed
            if one.shown:
                check(one.shown, printed)


@can_type
def test_events(shell: Shell, fresh_registry: object) -> None:
    trigger = durable.TriggerEvent(event="shop/order.placed")
    durable.create_function(fn_id="ship", trigger=trigger)(lambda ctx: None)
    hold("docs/api/events.md", shell)
    assert sorted(Event.objects.values_list("name", flat=True)) == [
        "shop/order.placed",
        "shop/order.placed",
        "shop/order.sent",
    ]
    assert Run.objects.count() == 2


@can_type
def test_keys(shell: Shell, fresh_registry: object) -> None:
    hold("docs/api/keys.md", shell)
    assert Key.objects.filter(revoked=None).count() == 3
    assert Event.objects.count() == 2


def test_tenants_and_subjects(read: Read) -> None:
    shown = read(page("docs/howto/tenants-and-subjects.md"))
    run = Player().settle(Run.objects.get())
    assert run.result == "acme: shipped"
    assert Event.objects.get(name="shop/user.signed-up").subject == f"auth.user:{shown['ada'].pk}"
    assert list(shown["runs"]) == []
