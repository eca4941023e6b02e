"""Keys: made, found by what a request shows, rotated and revoked."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from durable import clock
from durable.engine.operations import Actor, write_down
from durable.models import Key
from durable.store import Store
from durable.store.clock import database_in, database_now

_PREFIX = re.compile(r"dk[0-9a-f]{12}")
_NOBODY = sha256(b"").hexdigest()  # what the secret of an unknown key is compared with
_SALT = "durable.engine.keys"
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A key, and what its owner has to keep: it can never be shown again."""

    key: Key
    secret: str


def make(store: Store, actor: Actor, *, signs: bool = False, **columns: Any) -> Made:
    """Store a new key.

    Args:
        store: where.
        actor: who makes it.
        signs: requests are signed with it; otherwise they show its secret.
        columns: name, tenant, operations, events, rate, expires, replaces.
    """
    now: Any = database_now()
    prefix, secret = f"dk{secrets.token_hex(6)}", secrets.token_urlsafe(32)
    digest = "" if signs else _digest(secret)
    key = Key(prefix=prefix, digest=digest, created=now, **columns)
    with transaction.atomic(store.alias):
        key.save(using=store.alias, force_insert=True)
        key.refresh_from_db(using=store.alias)
        write_down(store, actor, "create", "key", prefix, after=described(key))
    return Made(key=key, secret=signing_secrets(prefix)[0] if signs else f"{prefix}.{secret}")


def rotate(store: Store, actor: Actor, key: Key, overlap: timedelta) -> Made:
    """Make a successor with the same rights; the key itself goes on for `overlap`, then expires."""
    columns = {name: getattr(key, name) for name in ("name", "tenant", "operations", "events")}
    with transaction.atomic(store.alias):
        made = make(
            store,
            actor,
            signs=key.is_signing,
            rate=key.rate,
            expires=key.expires,
            replaces=key,
            **columns,
        )
        until: Any = database_in(overlap.total_seconds())
        longer = Q(expires=None) | Q(expires__gt=until)
        _rows(store).filter(longer, pk=key.pk).update(expires=until)
        after = {"successor": made.key.prefix}
        write_down(store, actor, "rotate", "key", key.prefix, after=after)
    return made


def revoke(store: Store, actor: Actor, key: Key) -> bool:
    """End a key at once; False if it was revoked before."""
    now: Any = database_now()
    with transaction.atomic(store.alias):
        is_done = bool(_rows(store).filter(pk=key.pk, revoked=None).update(revoked=now))
        if is_done:
            write_down(store, actor, "revoke", "key", key.prefix, before=described(key))
    return is_done


def admitted(store: Store, token: str) -> Key | None:
    """Return the key of a token, `prefix.secret`, if there is one that is still good."""
    prefix, _, secret = token.partition(".")
    key = good(store, prefix)
    known = key.digest if key is not None and not key.is_signing else _NOBODY
    is_same = compare_digest(known, _digest(secret))
    return key if is_same and known != _NOBODY else None


def good(store: Store, prefix: str) -> Key | None:
    """Return the key with this prefix if it is neither revoked nor expired."""
    if not _PREFIX.fullmatch(prefix):
        return None
    now: Any = database_now()
    in_time = Q(expires=None) | Q(expires__gt=now)
    return _rows(store).filter(in_time, prefix=prefix, revoked=None).first()


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


def described(key: Key) -> dict[str, object]:
    """Return what the book may say of a key."""
    return {
        "name": key.name,
        "tenant": key.tenant,
        "operations": key.operations.split(),
        "events": key.events.splitlines(),
        "rate": key.rate,
        "expires": _said(key.expires),
    }


def _said(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _rows(store: Store) -> QuerySet[Key]:
    return Key.objects.using(store.alias)


def _digest(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()
