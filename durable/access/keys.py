"""Keys: made, rotated and revoked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from durable import clock
from durable.access.credentials import digest, signing_secrets
from durable.access.scopes import unknown
from durable.errors import DurableError
from durable.models import Key
from durable.operations.audit import Actor, write_down
from durable.playback.failure import storable
from durable.store import Store
from durable.store.clock import database_in, database_now

OVERLAP = timedelta(days=1)  # for which a key goes on beside its successor
_LENGTHS = {"name": 100, "tenant": 128}


class KeyInvalidError(DurableError):
    """A key for the API cannot have such rights, or not be rotated. `field` names the culprit."""

    code = "key_invalid"
    is_retriable = False

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}.")
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a key is for.

    Args:
        name: for people.
        operations: names of `scopes.OPERATIONS`, or their beginnings and a *.
        events: names of the events that it may send, or their beginnings and a *.
        tenant: the only one that it sees, if it is bound to one.
        rate: requests a minute.
        expires: when it ends.
    """

    name: str
    operations: Sequence[str] = ("events.send",)
    events: Sequence[str] = ("*",)
    tenant: str = ""
    rate: int | None = None
    expires: datetime | None = None

    def key(self) -> Key:
        """Return a key with these rights, not stored, and without a secret.

        Raises:
            KeyInvalidError: one of them is wrong.
        """
        self._check()
        return Key(
            name=self.name,
            operations="\n".join(self.operations),
            events="\n".join(self.events),
            tenant=self.tenant,
            rate=self.rate,
            expires=self.expires,
        )

    def _check(self) -> None:
        for field, longest in _LENGTHS.items():
            text = getattr(self, field)
            if len(text) > longest or text != storable(text) or (field == "name" and not text):
                raise KeyInvalidError(field, f"must be text of at most {longest} characters")
        if not self.operations or unknown(self.operations):
            raise KeyInvalidError(
                "operations", "must name operations, such as events.send or runs.*"
            )
        if not self.events or not all(map(_is_line, self.events)):
            raise KeyInvalidError("events", "must name events, such as shop/order.paid or shop/*")
        if self.rate is not None and not 0 < self.rate < 1_000_000:
            raise KeyInvalidError("rate", "must be a number of requests, from 1 to 999,999")
        if self.expires is not None and self.expires <= clock.now():
            raise KeyInvalidError("expires", "must be a time to come")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A key, and what its owner has to keep: it can never be shown again."""

    key: Key
    secret: str


def make(
    store: Store, actor: Actor, key: Key, *, signs: bool = False, replaces: Key | None = None
) -> Made:
    """Store a new key.

    Args:
        store: where.
        actor: who makes it.
        key: of `Rights`.
        signs: requests are signed with it; otherwise they show its secret.
        replaces: the key whose successor it is.
    """
    now: Any = database_now()
    secret = secrets.token_urlsafe(32)
    key.prefix, key.created = f"dk{secrets.token_hex(6)}", now
    key.digest = "" if signs else digest(secret)
    key.replaces = replaces
    with transaction.atomic(store.alias):
        key.save(using=store.alias, force_insert=True)
        key.refresh_from_db(using=store.alias)
        write_down(store, actor, "create", "key", key.prefix, after=described(key))
    shown = signing_secrets(key.prefix)[0] if signs else f"{key.prefix}.{secret}"
    return Made(key=key, secret=shown)


def rotate(store: Store, actor: Actor, key: Key, overlap: timedelta = OVERLAP) -> Made:
    """Make a successor with the same rights; the key itself goes on for `overlap`, then expires.

    Raises:
        KeyInvalidError: the key has been revoked.
    """
    if key.revoked is not None:
        raise KeyInvalidError("key", "was revoked: make a new one")
    columns = ("name", "tenant", "operations", "events", "rate", "expires")
    copy = Key(**{column: getattr(key, column) for column in columns})
    until: Any = database_in(overlap.total_seconds())
    longer = Q(expires=None) | Q(expires__gt=until)
    with transaction.atomic(store.alias):
        made = make(store, actor, copy, signs=key.is_signing, replaces=key)
        _rows(store).filter(longer, pk=key.pk).update(expires=until)
        after = {"successor": made.key.prefix, "overlap": overlap.total_seconds()}
        write_down(store, actor, "rotate", "key", key.prefix, after=after)
    key.refresh_from_db(using=store.alias)
    return made


def revoke(store: Store, actor: Actor, key: Key) -> bool:
    """End a key at once; False if it was revoked before."""
    now: Any = database_now()
    with transaction.atomic(store.alias):
        is_done = bool(_rows(store).filter(pk=key.pk, revoked=None).update(revoked=now))
        if is_done:
            write_down(store, actor, "revoke", "key", key.prefix, before=described(key))
    key.refresh_from_db(using=store.alias)
    return is_done


def described(key: Key) -> dict[str, object]:
    """Return what the audit log may say of a key."""
    return {
        "name": key.name,
        "operations": key.operations.split(),
        "events": key.events.splitlines(),
        "tenant": key.tenant,
        "rate": key.rate,
        "expires": None if key.expires is None else key.expires.isoformat(),
        "signs": key.is_signing,
    }


def _is_line(pattern: str) -> bool:
    return bool(pattern.strip()) and len(pattern.splitlines()) == 1 and pattern == storable(pattern)


def _rows(store: Store) -> QuerySet[Key]:
    return Key.objects.using(store.alias)
