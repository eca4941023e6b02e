"""Doing something once, though nobody may know whether it was committed: with a receipt beside it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from durable.models import Receipt
from durable.store import Store
from durable.store.after import after_commit
from durable.store.clock import database_now
from durable.store.executor import PATIENCE, repeat
from durable.wake import wake

T = TypeVar("T")


def with_receipt(store: Store, work: Callable[[], T], patience: float = PATIENCE) -> T:
    """Do something in one transaction, and again while the database is the trouble, but keep it once.

    A connection that is lost at the commit leaves open whether that was made. So a mark is committed
    with the work, and whoever finds it returns what the work returned then. In the caller's transaction
    there is no mark: that transaction is the caller's to repeat.

    Args:
        store: where.
        work: writes on this database, and nowhere else.
        patience: seconds in which the database may come back.
    """
    if store.connection.in_atomic_block:
        return _whole(store, work)
    mark = secrets.token_hex(32)
    returned: list[T] = []
    return repeat(store.alias, partial(_marked, store, mark, work, returned), patience)


def _whole(store: Store, work: Callable[[], T]) -> T:
    with transaction.atomic(store.alias):
        return work()


def _marked(store: Store, mark: str, work: Callable[[], T], returned: list[T]) -> T:
    with transaction.atomic(store.alias):
        after_commit(store.alias, _marks(store, mark).delete)
        # First of all: it waits for a commit of before that is still under way.
        if not _is_new(store, mark):
            after_commit(store.alias, wake)  # as nobody was woken then
            return returned[-1]
        returned.append(work())
    return returned[-1]


def _is_new(store: Store, mark: str) -> bool:
    holder = secrets.token_hex(16)
    now: Any = database_now()
    rows = _marks(store, mark)
    rows.bulk_create([Receipt(digest=mark, holder=holder, at=now)], ignore_conflicts=True)
    return rows.filter(holder=holder).exists()


def _marks(store: Store, mark: str) -> QuerySet[Receipt]:
    return Receipt.objects.using(store.alias).filter(digest=mark)
