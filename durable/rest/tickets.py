"""A word in an address in place of a header, for browsers, whose EventSource sends none."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, TimestampSigner
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from durable.access.credentials import good
from durable.models import Key
from durable.rest.authentication import REALM
from durable.store import get_store

PARAMETER = "ticket"
LIFE = timedelta(minutes=10)
_KEY, _USER = "key", "user"


def issue(request: Request, run: str) -> str:
    """Return a word that stands for who makes the request, to watch one run for a while."""
    if isinstance(request.auth, Key):
        who = f"{_KEY}:{request.auth.prefix}"
    else:
        who = f"{_USER}:{request.user.pk}"
    return _signer().sign(f"{run}:{who}")


class TicketAuthentication(BaseAuthentication):
    """`?ticket=`: who it was issued to, if they are still let in."""

    def authenticate(self, request: Request) -> tuple[Any, Key | None] | None:
        """Return who it stands for, or None if there is no ticket.

        Raises:
            AuthenticationFailed: it is not good.
        """
        text = request.query_params.get(PARAMETER)
        if text is None:
            return None
        context = request.parser_context or {}
        run, kind, who = _read(text)
        if run == context["kwargs"].get("id"):
            found = _key(who) if kind == _KEY else _user(who)
            if found is not None:
                return found
        raise AuthenticationFailed

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge."""
        return REALM


def _read(text: str) -> tuple[str, str, str]:
    try:
        run, kind, who = _signer().unsign(text, max_age=LIFE).split(":", 2)
    except (BadSignature, ValueError):
        raise AuthenticationFailed from None
    return run, kind, who


def _key(prefix: str) -> tuple[Any, Key] | None:
    key = good(get_store(), prefix)
    return None if key is None else (AnonymousUser(), key)


def _user(pk: str) -> tuple[Any, None] | None:
    user = get_user_model()._default_manager.filter(pk=pk).first()
    return (user, None) if user is not None and user.is_active else None


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="durable.rest.tickets")
