"""Requests that are signed: by whom, when, and once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from hmac import new as hmac
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from durable import clock as durable_clock
from durable.models import Key, Receipt

pytestmark = pytest.mark.django_db

PATH = "/durable/keys/"


class Signer:
    """A program with a key that signs, and a clock that may be wrong."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.prefix = Key.objects.get(digest="").prefix
        self.count = 0

    def header(self, method: str, path: str, body: bytes, late: float = 0.0) -> str:
        self.count += 1
        ts = f"{durable_clock.now().timestamp() - late + self.count / 1000:.6f}"
        text = f"{ts}.{method} {path}.".encode() + body
        signature = hmac(self.secret.encode(), text, sha256).hexdigest()
        return f"Durable-HMAC-SHA256 key={self.prefix}, ts={ts}, sig={signature}"

    def get(self, path: str = PATH, **options: Any) -> int:
        return send("GET", path, self.header("GET", path, b"", **options))


def send(method: str, path: str, header: str, body: bytes = b"") -> int:
    client = Client(headers={"Authorization": header})
    return client.generic(method, path, body, "application/json").status_code


@pytest.fixture
def signer(key: Callable[..., str]) -> Signer:
    return Signer(key(signs=True))


def test_a_signed_request_comes_in(signer: Signer) -> None:
    assert signer.get() == 200


def test_the_body_is_signed_too(signer: Signer) -> None:
    body = b'{"name": "made"}'
    assert send("POST", PATH, signer.header("POST", PATH, body), body) == 201
    assert send("POST", PATH, signer.header("POST", PATH, body), body + b" ") == 401


def test_a_signature_counts_once(signer: Signer) -> None:
    header = signer.header("GET", PATH, b"")
    assert [send("GET", PATH, header) for _ in range(2)] == [200, 401]


def test_a_signature_is_for_one_address_and_method(signer: Signer) -> None:
    header = signer.header("GET", PATH, b"")
    assert send("GET", f"{PATH}?limit=1", header) == 401
    assert send("POST", PATH, header) == 401
    assert send("GET", PATH, header) == 200


@pytest.mark.parametrize(("late", "status"), [(298, 200), (-298, 200), (303, 401), (-303, 401)])
def test_a_signature_lasts_five_minutes(signer: Signer, late: float, status: int) -> None:
    assert signer.get(late=late) == status


def test_a_signature_that_was_used_is_remembered_longer_than_it_lasts(
    signer: Signer, clock: ModuleType
) -> None:
    signer.get()
    clock.travel(timedelta(hours=23))
    signer.get()
    assert Receipt.objects.count() == 2
    clock.travel(timedelta(hours=2))
    signer.get()
    assert Receipt.objects.count() == 2


@pytest.mark.parametrize(
    "spoil",
    [
        ("sig=", "sig=0"),
        ("ts=", "ts=0"),
        ("key=dk", "key=DK"),
        ("key=", "kid="),
        ("ts=", "ts=-"),
        (", ", " "),
        ("sig=", 'sig="é'),
    ],
    ids=str,
)
def test_a_spoilt_header_is_refused(signer: Signer, spoil: tuple[str, str]) -> None:
    header = signer.header("GET", PATH, b"").replace(*spoil)
    assert send("GET", PATH, header) == 401


def test_a_revoked_key_signs_nothing(signer: Signer) -> None:
    Key.objects.update(revoked=durable_clock.now())
    assert signer.get() == 401


def test_a_key_that_signs_cannot_be_shown_instead(signer: Signer) -> None:
    for token in (f"{signer.prefix}.{signer.secret}", signer.prefix, f"{signer.prefix}."):
        assert send("GET", PATH, f"Bearer {token}") == 401


def test_a_key_that_is_shown_cannot_sign(key: Callable[..., str], signer: Signer) -> None:
    prefix, _, signer.secret = key().partition(".")
    signer.prefix = prefix
    assert signer.get() == 401


def test_secrets_follow_the_fallbacks_of_the_site(signer: Signer) -> None:
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[old]):
        assert signer.get() == 200
    with override_settings(SECRET_KEY="another", SECRET_KEY_FALLBACKS=[]):
        assert signer.get() == 401


def test_too_large_a_body_is_not_read_to_the_end(signer: Signer) -> None:
    body = b" " * (2 * 1024 * 1024)
    assert send("POST", PATH, signer.header("POST", PATH, body), body) == 413
