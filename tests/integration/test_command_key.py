"""`durable_key`: keys for the API by command."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.urls import include, path

from durable.access.credentials import admitted, good
from durable.models import Key, Operation
from durable.store import get_store
from durable.store.clock import database_in

pytestmark = pytest.mark.django_db


def say(*words: str, **options: Any) -> str:
    call_command("durable_key", *words, stdout=(out := StringIO()), **options)
    return out.getvalue().strip()


def test_a_key_is_made_and_shown_once() -> None:
    said = say("create", "web shop", "--tenant", "acme", "--rate", "60", "--days", "1")
    key = Key.objects.get()
    token = said.split()[3]
    assert admitted(get_store(), token) == key
    assert "cannot be shown again" in said
    assert (key.name, key.tenant, key.rate, key.operations) == (
        "web shop",
        "acme",
        60,
        "events.send",
    )
    assert token not in say("list")
    assert Operation.objects.get().via == "command"


def test_a_quiet_one_prints_the_secret_alone() -> None:
    assert admitted(get_store(), say("create", "a", verbosity=0)) is not None


def test_a_key_that_signs_is_made() -> None:
    say("create", "a", "--signs")
    assert Key.objects.get().is_signing


def test_keys_are_listed_with_what_they_may_do() -> None:
    say("create", "shop", "--events", "shop/*", "pay/*", "--operations", "events.*", "runs.read")
    say("create", "old")
    say("revoke", Key.objects.get(name="old").prefix)
    first, second = say("list").splitlines()
    assert (
        "good     shop  operations ['events.*', 'runs.read'], events ['shop/*', 'pay/*']" in first
    )
    assert "revoked  old" in second


def test_a_rotated_key_goes_on_for_the_overlap() -> None:
    say("create", "a")
    old = Key.objects.get()
    said = say("rotate", old.prefix, "--overlap", "1")
    assert f"{old.prefix} goes on until" in said
    assert Key.objects.get(replaces=old).name == "a"
    assert good(get_store(), old.prefix) is not None


def test_a_key_is_revoked() -> None:
    say("create", "a")
    prefix = Key.objects.get().prefix
    assert say("revoke", prefix) == f"{prefix} is revoked"
    assert say("revoke", prefix) == f"{prefix} was revoked"
    assert good(get_store(), prefix) is None


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["create"], "name must be"),
        (["create", "a", "--operations", "fly"], "operations must name"),
        (["create", "a", "--rate", "0"], "rate must be"),
        (["create", "a", "--days", "0"], "expires must be"),
        (["create", "a", "--days", "-1"], "--days: it must be a number from 0 to 36,500"),
        (["create", "a", "--days", "1e300"], "--days: it must be a number from 0 to 36,500"),
        (["create", "a", "--days", "nan"], "--days: it must be a number from 0 to 36,500"),
        (["rotate", "a", "--overlap", "1e9"], "--overlap: it must be a number from 0 to 8,760"),
        (["rotate", "a", "--overlap", "soon"], "--overlap: it must be a number from 0 to 8,760"),
        (["revoke", "dk1"], "No key has the prefix 'dk1'"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told(words: list[str], problem: str) -> None:
    with pytest.raises(CommandError, match=problem):
        say(*words)
    assert not Key.objects.exists()


def warned() -> list[str]:
    return [one.msg for one in run_checks(databases=["default"]) if one.id == "durable.W020"]


@pytest.mark.parametrize("addresses", ["tests.rest.urls", "durable.rest.inngest_urls"])
def test_a_check_says_that_there_is_no_key(addresses: str) -> None:
    site = type("Site", (), {"urlpatterns": [path("", include(addresses))]})
    with override_settings(ROOT_URLCONF=site):
        (found,) = warned()
        assert "all programs are refused" in found
        say("create", "a")
        assert not warned()


@override_settings(ROOT_URLCONF="tests.rest.urls")
def test_a_check_says_that_all_keys_are_revoked_or_expired() -> None:
    say("create", "revoked")
    say("revoke", Key.objects.get().prefix)
    say("create", "expired")
    moment: Any = database_in(-1)
    Key.objects.filter(name="expired").update(expires=moment)
    assert warned()
    moment = database_in(60)
    Key.objects.filter(name="expired").update(expires=moment)
    assert not warned()


def test_no_check_asks_for_keys_without_the_api() -> None:
    assert not warned()
