"""Removing what has ended: a run whole or not at all, in statements of at most a thousand rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models import Exists, Model, OuterRef, QuerySet

from durable import clock
from durable.models import Event, Operation, Run
from durable.models.status import FINAL_RUN
from durable.store.clock import database_in
from durable.store.executor import retried
from durable.store.table import Table

MOST = 1000  # rows of a statement
_SKEW = timedelta(hours=1)  # between the clocks of those who make ids


@dataclass(frozen=True, slots=True)
class Removed:
    """How many rows went, of runs, their events, and the audit log."""

    runs: int = 0
    events: int = 0
    operations: int = 0

    def __add__(self, other: Removed) -> Removed:
        """Return both together."""
        return Removed(
            self.runs + other.runs, self.events + other.events, self.operations + other.operations
        )


class Pruning(Table):
    """Ended runs and events without runs, on one database. The plain ORM finds them."""

    @property
    def _runs(self) -> QuerySet[Run]:
        return Run.objects.using(self.alias)

    def functions(self) -> Iterator[str]:
        """Yield the id of every function that has runs, by one look at the index for each."""
        last = ""
        while True:
            later = self._runs.filter(function__gt=last).order_by("function")
            found = later.values_list("function", flat=True).first()
            if found is None:
                return
            yield found
            last = found

    @retried
    def old(
        self, function: str, status: str, age: timedelta, after: UUID | None, limit: int
    ) -> list[UUID]:
        """Return runs that ended so long ago and have no children at work, in the order of their ids.

        Args:
            function: whose runs.
            status: a final one.
            age: since their end, by the database's clock.
            after: the last one seen, None to begin.
            limit: of them.
        """
        rows = self._old(status, age).filter(function=function, pk__lte=_newest(age))
        rows = rows if after is None else rows.filter(pk__gt=after)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])

    def _old(self, status: str, age: timedelta) -> QuerySet[Run]:
        at_work = Run.objects.filter(parent=OuterRef("pk")).exclude(status__in=FINAL_RUN)
        ended = self._runs.filter(status=status, ended__lte=database_in(-age.total_seconds()))
        return ended.filter(~Exists(at_work))

    @retried
    def remove(self, runs: Sequence[UUID], status: str, age: timedelta) -> Removed:
        """Remove these runs, with all that belongs to them, as far as they are still old and ended.

        Those that somebody holds, to retry or replay them, are left out. Events go with their last run.
        """
        with transaction.atomic(self.alias):
            rows = self._held(self._old(status, age).filter(pk__in=list(runs)))
            found = dict(rows.values_list("pk", "event"))
            for model, field in _parts(Run):
                self._empty(model, field, list(found))
            for field in _references():
                children = self._runs.filter(**{f"{field.name}__in": list(found)})
                children.update(**{field.name: None})
            removed = self._delete(Run, list(found))
            events = sorted({event for event in found.values() if event is not None})
            return Removed(removed, self._remove_events(events))

    @retried
    def forlorn(self, age: timedelta, after: UUID | None, limit: int) -> list[UUID]:
        """Return up to `limit` events that came in so long ago, in the order of their ids.

        Whether runs refer to them is not asked here, so that the look ends soon.
        """
        old = database_in(-age.total_seconds())
        rows = Event.objects.using(self.alias).filter(received__lte=old, pk__lte=_newest(age))
        rows = rows if after is None else rows.filter(pk__gt=after)
        return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])

    @retried
    def remove_forlorn(self, events: Sequence[UUID]) -> Removed:
        """Remove those of these events that no run refers to."""
        with transaction.atomic(self.alias):
            return Removed(0, self._remove_events(events))

    def count_forlorn(self, events: Sequence[UUID]) -> int:
        """Count those of these events that no run refers to."""
        return self._without_runs(events).count()

    @retried
    def old_operations(self, age: timedelta, after: int, limit: int) -> list[int]:
        """Return up to `limit` lines of the audit log that were written so long ago, the oldest first.

        They are in the order of their ids: where the next one is younger, so are all others.
        """
        rows = Operation.objects.using(self.alias)
        first = rows.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:limit]
        old = rows.filter(pk__in=list(first), at__lte=database_in(-age.total_seconds()))
        return list(old.order_by("pk").values_list("pk", flat=True))

    @retried
    def remove_operations(self, operations: Sequence[int]) -> int:
        """Remove these lines of the audit log; return how many."""
        return self._delete(Operation, operations)

    def _remove_events(self, events: Sequence[UUID]) -> int:
        rows = self._held(self._without_runs(events))
        found = list(rows.values_list("pk", flat=True))
        for model, field in _parts(Event):
            self._empty(model, field, found)
        return self._delete(Event, found)

    def _without_runs(self, events: Sequence[UUID]) -> QuerySet[Event]:
        used = Run.objects.filter(event=OuterRef("pk"))
        rows = Event.objects.using(self.alias).filter(pk__in=list(events), route_at=None)
        return rows.filter(~Exists(used))

    def _held(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        features = self.connection.features
        if not features.has_select_for_update:
            return rows
        return rows.select_for_update(
            skip_locked=features.has_select_for_update_skip_locked,
            of=("self",) if features.has_select_for_update_of else (),
        )

    def _empty(self, model: type[Model], field: str, owners: Sequence[UUID]) -> None:
        """Remove the rows of a table that belong to runs or events; they may be many more."""
        rows: QuerySet[Any] = model._base_manager.using(self.alias)
        mine = rows.filter(**{f"{field}__in": list(owners)}).order_by()
        while ids := list(mine.values_list("pk", flat=True)[:MOST]):
            self._delete(model, ids)

    def _delete(self, model: type[Model], ids: Sequence[Any]) -> int:
        """Remove rows by primary key, without the look at related rows that Django would take."""
        pk, quote = model._meta.pk, self.connection.ops.quote_name
        assert pk is not None
        removed = 0
        for begin in range(0, len(ids), MOST):
            some = ids[begin : begin + MOST]
            marks = ", ".join(["%s"] * len(some))
            text = f"DELETE FROM {quote(model._meta.db_table)} WHERE {quote(str(pk.column))} IN ({marks})"
            values = [pk.get_db_prep_value(one, self.connection) for one in some]
            with self.connection.cursor() as cursor:
                cursor.execute(text, values)
                removed += cursor.rowcount
        return removed


def _parts(owner: type[Model]) -> list[tuple[type[Model], str]]:
    """Return the models whose rows go with their owner, those that refer to others of them first."""
    found = [
        (relation.related_model, relation.field.name)
        for relation in owner._meta.related_objects
        if relation.on_delete is models.CASCADE
    ]
    parts = {model for model, _ in found}
    return sorted(found, key=lambda part: not _refers_to(part[0], parts))


def _refers_to(model: type[Model], others: set[type[Model]]) -> bool:
    return any(field.related_model in others for field in model._meta.fields)


def _references() -> list[Any]:
    """Return the columns of runs that refer to other runs, and need not."""
    relations = Run._meta.related_objects
    return [one.field for one in relations if one.related_model is Run]


def _newest(age: timedelta) -> UUID:
    """Return an id after all those that were made so long ago, which spares the index the rest."""
    milliseconds = int((clock.now() - age + _SKEW).timestamp() * 1000)
    return UUID(int=(max(milliseconds, 0) & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | 0b10 << 62)
