"""What a statement has to do with those of others: whether it matters which of two comes first.

By tables, not by rows, and so rather too often than too rarely. Two statements commute if neither locks or
publishes what the other locks or reads. What is written in a transaction is seen by others from its commit on:
that is how both servers read by default.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

_WORD = re.compile(r"\w+")
_LOCKS = re.compile(r"FOR (NO KEY )?UPDATE|FOR (KEY )?SHARE|LOCK IN SHARE MODE")
_READS = re.compile(r"\s*SELECT\b")
_INSERTED = re.compile(r"INSERT [\w ]*INTO\W+(\w+)")
_DELETED = re.compile(r"DELETE FROM\W+(\w+)")
_SET = re.compile(r"\bSET\b(.*?)\bWHERE\b", re.DOTALL)

Tables = frozenset[str]
NONE: Tables = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """What the next thing an actor says touches.

    Args:
        reads: as it was committed.
        locks: writes, or holds against others; all that is named where anything is written.
        frees: lets others see, and have.
        is_unknown: it may touch anything.
    """

    reads: Tables = NONE
    locks: Tables = NONE
    frees: Tables = NONE
    is_unknown: bool = False

    def meets(self, other: Footprint) -> bool:
        """Whether it matters which of the two comes first."""
        if self.is_unknown or other.is_unknown:
            return True
        mine, theirs = self.reads | self.locks, other.reads | other.locks
        return bool(self.locks & other.locks or self.frees & theirs or other.frees & mine)


@dataclass(slots=True)
class Tracks:
    """What an actor has touched in the transaction in which it is."""

    held: set[str] = field(default_factory=set)
    checked: set[str] = field(default_factory=set)

    def next(self, label: str, *, is_in_transaction: bool) -> Footprint:
        """Return the footprint of what comes next."""
        if connection.vendor == "sqlite":
            return Footprint(is_unknown=True)  # who writes there locks all
        if label == "COMMIT" or label.startswith("ROLLBACK"):
            return Footprint(locks=frozenset(self.checked), frees=frozenset(self.held))
        named = frozenset(_WORD.findall(label)) & _models().keys()
        if _READS.match(label) and not _LOCKS.search(label):
            return Footprint(reads=named)
        locks = named | _linked(label, named)
        return Footprint(locks=locks, frees=NONE if is_in_transaction else locks)

    def go(self, label: str, step: Footprint, *, is_in_transaction: bool) -> None:
        """Take note that it is being said."""
        if label == "COMMIT" or not is_in_transaction:
            self.held.clear()
            self.checked.clear()
            return
        self.held |= step.locks
        if connection.vendor == "postgresql" and _INSERTED.search(label):
            self.checked |= step.locks  # it looks after rows that are named when it commits


def _linked(label: str, named: Tables) -> Tables:
    """Return the tables that are looked at because rows of one name rows of another."""
    linked = set()
    for table in _INSERTED.findall(label):
        linked |= {other for _, other in _links(table)}
    for table in _DELETED.findall(label):
        linked |= {other for other in _models() if any(to == table for _, to in _links(other))}
    written = " ".join(_SET.findall(label))
    for table in named:
        linked |= {
            other
            for column, other in _links(table)
            if f'{column}" =' in written or f"{column}` =" in written
        }
    return frozenset(linked)


@cache
def _models() -> dict[str, Any]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@cache
def _links(table: str) -> tuple[tuple[str, str], ...]:
    """Return the columns that name rows of other tables, with those."""
    model = _models().get(table)
    fields = model._meta.concrete_fields if model else ()
    return tuple(
        (one.column, one.related_model._meta.db_table) for one in fields if one.is_relation
    )
