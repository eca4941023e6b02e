"""Who makes a request: a key that is shown, a key that signs, or a user of the site."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from durable.engine.keys import admitted, note_use
from durable.models import Key
from durable.store import get_store

REALM = 'Bearer realm="durable"'
SCHEME = "bearer"


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer prefix.secret`; the request's `auth` is the key."""

    def authenticate(self, request: Request) -> tuple[Any, Key] | None:
        """Return nobody and the key, or None if no key is shown.

        Raises:
            AuthenticationFailed: the key is not good.
        """
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        return admit(token.strip())

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge."""
        return REALM


def admit(token: str) -> tuple[Any, Key]:
    """Return nobody and the key of a token.

    Raises:
        AuthenticationFailed: there is none, or it is not good any more. It does not say which.
    """
    store = get_store()
    key = admitted(store, token)
    if key is None:
        raise AuthenticationFailed
    note_use(store, key)
    return AnonymousUser(), key
