"""Who makes a request: a key that is shown, a key that signs, or a user of the site."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from durable.access.credentials import admitted, note_use, signed
from durable.models import Key
from durable.rest.body import raw_body
from durable.store import get_store

REALM = 'Bearer realm="durable"'
BEARER, SIGNED = "bearer", "durable-hmac-sha256"
_PARAMETER = re.compile(r'\s*([a-z]+)="?([^\s",]{1,128})"?\s*')


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer prefix.secret`; the request's `auth` is the key."""

    def authenticate(self, request: Request) -> tuple[Any, Key] | None:
        """Return nobody and the key, or None if no key is shown.

        Raises:
            AuthenticationFailed: the key is not good.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != BEARER:
            return None
        return admit(admitted(get_store(), token.strip()))

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge."""
        return REALM


class SignatureAuthentication(BaseAuthentication):
    """`Authorization: Durable-HMAC-SHA256 key=…, ts=…, sig=…`; the request's `auth` is the key."""

    def authenticate(self, request: Request) -> tuple[Any, Key] | None:
        """Return nobody and the key, or None if the request is not signed.

        Raises:
            AuthenticationFailed: the signature is not good, too old, or was used before.
            Problem: 413, the body is too large to be looked at.
        """
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SIGNED:
            return None
        given = _parameters(text)
        body = raw_body(request._request, request.parser_context["view"].max_body)
        what = f"{request.method} {request.get_full_path()}"
        key = signed(get_store(), given["key"], given["ts"], given["sig"], what, body)
        return admit(key)


def admit(key: Key | None) -> tuple[Any, Key]:
    """Return nobody and a key that is good.

    Raises:
        AuthenticationFailed: it is not. It does not say why.
    """
    if key is None:
        raise AuthenticationFailed
    note_use(get_store(), key)
    return AnonymousUser(), key


def _parameters(text: str) -> dict[str, str]:
    found = [_PARAMETER.fullmatch(part) for part in text[:1000].split(",")]
    given = {one[1]: one[2] for one in found if one is not None}
    return {name: given.get(name, "") for name in ("key", "ts", "sig")}
