"""Requests that count once: a signature is taken once, and an Idempotency-Key has one answer."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import QuerySet

from durable.models import Receipt
from durable.store import Store
from durable.store.clock import database_in, database_now

KEPT = 86_400.0  # seconds for which a request is remembered
HELD = 60.0  # seconds after which one that was not answered lost who worked on it
_AT_ONCE = 100  # forgotten with each that is taken


class InFlightError(Exception):
    """Somebody works on it."""


class ReusedError(Exception):
    """Its key was used for another request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A request that this process is to work on."""

    digest: str
    holder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request that has been answered."""

    status: int
    body: str


def is_first(store: Store, text: str) -> bool:
    """Say whether this has not been met before, and remember it."""
    holder = secrets.token_hex(16)
    return _met(store, _digest(text), holder).holder == holder


def take(store: Store, text: str, fingerprint: str) -> Held | Answered:
    """Take a request, or return how it was answered. In a transaction of its own.

    Args:
        store: where.
        text: who sent it, and its key.
        fingerprint: of all that must be the same when it is sent again.

    Raises:
        InFlightError: somebody works on it.
        ReusedError: the first one with this key was another one.
    """
    mine = Held(digest=_digest(text), holder=secrets.token_hex(16))
    row = _met(store, mine.digest, mine.holder, _digest(fingerprint))
    if row.holder == mine.holder:
        return mine
    if row.fingerprint != _digest(fingerprint):
        raise ReusedError
    if row.status is not None:
        return Answered(status=row.status, body=row.body)
    now: Any = database_now()
    lost: Any = database_in(-HELD)
    left = _rows(store).filter(pk=row.pk, holder=row.holder, status=None, at__lt=lost)
    if left.update(holder=mine.holder, at=now):
        return mine
    raise InFlightError


def settle(store: Store, held: Held, answer: Answered) -> None:
    """Write the answer down, in the transaction of the work.

    Raises:
        InFlightError: it took so long that somebody else works on it now; this work must not be kept.
    """
    rows = _rows(store).filter(digest=held.digest, holder=held.holder, status=None)
    if not rows.update(status=answer.status, body=answer.body):
        raise InFlightError


def drop(store: Store, held: Held) -> None:
    """Forget a request that came to nothing: it may be sent again."""
    _rows(store).filter(digest=held.digest, holder=held.holder, status=None).delete()


def _met(store: Store, digest: str, holder: str, fingerprint: str = "") -> Receipt:
    """Insert a row, unless there is one; return the one that is there."""
    _forget(store)
    now: Any = database_now()
    new = Receipt(digest=digest, holder=holder, fingerprint=fingerprint, at=now)
    _rows(store).bulk_create([new], ignore_conflicts=True)
    row = _rows(store).filter(digest=digest).first()
    if row is None:  # whose was there came to nothing in this very moment
        raise InFlightError
    return row


def _forget(store: Store) -> None:
    long_ago: Any = database_in(-KEPT)
    old = _rows(store).filter(at__lt=long_ago).values_list("pk", flat=True)[:_AT_ONCE]
    if found := list(old):
        _rows(store).filter(pk__in=found).delete()


def _digest(text: str) -> str:
    return sha256(text.encode(errors="replace")).hexdigest()


def _rows(store: Store) -> QuerySet[Receipt]:
    return Receipt.objects.using(store.alias)
