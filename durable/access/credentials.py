"""What a request shows or signs with, held against the keys that are known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from durable import clock
from durable.access.receipts import is_first
from durable.models import Key
from durable.store import Store
from durable.store.clock import database_now

WINDOW = 300.0  # seconds that the clock of who signs may be off, in either direction
_PREFIX = re.compile(r"dk[0-9a-f]{12}")
_TIMESTAMP = re.compile(r"[0-9]{10}(?:\.[0-9]{1,6})?")
_SALT = "durable.access.keys"
_MINUTE = timedelta(minutes=1)
_HERE = "?"  # where the prefix goes; no prefix is this


def admitted(store: Store, token: str) -> Key | None:
    """Return the key of a token, `prefix.secret`, if there is one that is still good."""
    prefix, _, secret = token.partition(".")
    key = good(store, prefix)
    known = key.digest if key is not None else ""
    # One that signs has no digest, and nothing is equal to none.
    is_same = compare_digest(known, digest(secret))
    return key if is_same else None


def signed(
    store: Store, prefix: str, timestamp: str, signature: str, what: str, body: bytes
) -> Key | None:
    """Return the key that signed a request, if it is good, and the request is new and not old.

    Args:
        store: where the keys are.
        prefix: of the key.
        timestamp: seconds since 1970, with up to six digits behind the dot.
        signature: HMAC-SHA256 of what `to_sign` returns, in hexadecimal digits.
        what: method and path of the request.
        body: its bytes.
    """
    key = good(store, prefix)
    if key is None or not key.is_signing or not _is_recent(timestamp):
        return None
    text = to_sign(timestamp, what, body)
    given = signature.encode(errors="replace")
    known = [hmac(one.encode(), text, "sha256").hexdigest() for one in signing_secrets(prefix)]
    if not any(compare_digest(one.encode(), given) for one in known):
        return None
    return key if is_first(store, f"signature\0{prefix}\0{signature}") else None


def to_sign(timestamp: str, what: str, body: bytes) -> bytes:
    """Return the bytes that are signed: "1700000000.POST /durable/events/." and the body."""
    return f"{timestamp}.{what}.".encode(errors="replace") + body


def good(store: Store, prefix: str) -> Key | None:
    """Return the key with this prefix if it is neither revoked nor expired."""
    if not _PREFIX.fullmatch(prefix):
        return None
    text, values = _compiled(store.alias, clock.reference())
    given = [prefix if value == _HERE else value for value in values]
    return next(iter(_rows(store).raw(text, given)), None)


@lru_cache(maxsize=64)
def _compiled(alias: str, reference: timedelta | datetime) -> tuple[str, Sequence[Any]]:
    """Return the query for a key: it comes with each request, and compiling it takes most of its time."""
    in_time = Q(expires=None) | Q(expires__gt=database_now())
    rows = Key.objects.using(alias).filter(in_time, prefix=_HERE, revoked=None)
    text, values = rows.query.get_compiler(alias).as_sql()
    return text, values


def note_use(store: Store, key: Key) -> None:
    """Note that a key was used, once a minute at most."""
    if key.used is None or clock.now() - key.used > _MINUTE:
        now: Any = database_now()
        _rows(store).filter(pk=key.pk).update(used=now)


def signing_secrets(prefix: str) -> list[str]:
    """Return the secrets a signing key may have: of the site's SECRET_KEY, then of its fallbacks.

    They are derived and not stored: whoever reads the table cannot sign.
    """
    masters = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        salted_hmac(_SALT, prefix, secret=master, algorithm="sha256").hexdigest()
        for master in masters
    ]


def digest(secret: str) -> str:
    """Return what is kept of a secret; it is random, so a slow hash would add nothing."""
    return sha256(secret.encode(errors="replace")).hexdigest()


def _is_recent(timestamp: str) -> bool:
    if not _TIMESTAMP.fullmatch(timestamp):
        return False
    return abs(clock.now().timestamp() - float(timestamp)) <= WINDOW


def _rows(store: Store) -> QuerySet[Key]:
    return Key.objects.using(store.alias)
