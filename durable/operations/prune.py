"""Removing runs that ended long ago, and old lines of the audit log, batch by batch, beside workers and
whoever retries and replays."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from durable.models.status import FINAL_RUN
from durable.operations.retention import Retention
from durable.store import Store
from durable.store.pruning import Removed

BATCH = 200  # runs of one transaction; their steps may be many more
_EVENTS = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction removed, or would have."""

    function: str  # "" for events that no run refers to, and for the audit log
    status: str
    removed: Removed


def prune(
    store: Store,
    retention: Retention,
    *,
    functions: Collection[str] = (),
    statuses: Collection[str] = FINAL_RUN,
    size: int = BATCH,
    is_rehearsal: bool = False,
) -> Iterator[Batch]:
    """Remove what is older than it has to be kept; yield after each batch. Stop whenever you like.

    A run is removed with its steps, tries, results and waits, in one transaction, and its event with it
    if it was the last of its runs. Runs that live, and those with children that live, are never touched.

    Args:
        store: where they are.
        retention: how long runs are kept.
        functions: ids, if only runs of these; then all else stays.
        statuses: final ones, if only runs of these.
        size: runs of one transaction.
        is_rehearsal: only count; events that would go with their last run are not counted.
    """
    for function in functions or store.pruning.functions():
        for status in statuses:
            age = retention.of(function)[status]
            if age is not None:
                yield from _runs(store, function, status, age, size, is_rehearsal)
    if not functions and retention.events is not None:
        yield from _events(store, retention.events, is_rehearsal)
    if not functions and retention.audit is not None:
        yield from _operations(store, retention.audit, is_rehearsal)


def _runs(
    store: Store, function: str, status: str, age: timedelta, size: int, is_rehearsal: bool
) -> Iterator[Batch]:
    last: UUID | None = None
    while ids := store.pruning.old(function, status, age, last, size):
        last = ids[-1]
        removed = Removed(len(ids)) if is_rehearsal else store.pruning.remove(ids, str(status), age)
        yield Batch(function, status, removed)


def _events(store: Store, age: timedelta, is_rehearsal: bool) -> Iterator[Batch]:
    last: UUID | None = None
    while ids := store.pruning.forlorn(age, last, _EVENTS):
        last = ids[-1]
        if is_rehearsal:
            yield Batch("", "", Removed(0, store.pruning.count_forlorn(ids)))
        else:
            yield Batch("", "", store.pruning.remove_forlorn(ids))


def _operations(store: Store, age: timedelta, is_rehearsal: bool) -> Iterator[Batch]:
    last = 0
    while ids := store.pruning.old_operations(age, last, _EVENTS):
        last = ids[-1]
        count = len(ids) if is_rehearsal else store.pruning.remove_operations(ids)
        yield Batch("", "", Removed(operations=count))
