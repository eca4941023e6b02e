"""The hot statements as text, the same for all databases but for a few words each spells its own way.

Names of tables and columns come from the models. Texts are made of constants and of numbers, never of
values, which are always parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import Model

from durable import clock
from durable.models import Event, Run, Schedule, Step, Wait
from durable.playback.request import TIMERS
from durable.store.table import Table

_TIMERS = "(" + ", ".join(f"'{op}'" for op in TIMERS) + ")"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one family of databases spells what differs.

    Args:
        now: the time of the statement.
        at: the time so many seconds from now.
        moment: a moment of UTC, written out.
        ago: the time so many seconds, a parameter, before now.
        later: the time so many seconds, a parameter, from now.
        until: seconds until the time in a column, from such a time.
        share: a lock that keeps the run as it is until the statement ends.
        skip_existing: makes an INSERT leave a row alone that is there already.
    """

    now: str
    at: str
    moment: str
    ago: str
    later: str
    until: str
    share: str = ""
    skip_existing: str = ""


class Sql(Table):
    """A table whose statements are written out."""

    dialect: Dialect

    def ask(self, text: str, *values: Any, **parts: str) -> list[tuple[Any, ...]]:
        """Execute a statement that answers with rows."""
        with self.said(self.text(text, **parts), self.adapt(values)) as cursor:
            return list(cursor.fetchall())

    def tell(self, text: str, *values: Any, **parts: str) -> int:
        """Execute a statement; return how many rows it changed."""
        with self.said(self.text(text, **parts), self.adapt(values)) as cursor:
            return int(cursor.rowcount)

    @contextmanager
    def said(self, text: str, values: Sequence[Any]) -> Iterator[CursorWrapper]:
        """Execute a statement and lend the cursor."""
        with self.connection.cursor() as cursor:
            cursor.execute(text, values)
            yield cursor

    def insert_each(self, into: str, row: str, rows: Sequence[Sequence[Any]], **parts: str) -> None:
        """Insert what a SELECT makes of each row of values."""
        with self.connection.cursor() as cursor:
            cursor.executemany(self.text(into + row, **parts), [self.adapt(r) for r in rows])

    def text(self, text: str, **parts: str) -> str:
        """Put names and times into a statement."""
        return _compiled(self.alias, self.dialect, clock.reference(), text, tuple(parts.items()))

    def at(self, seconds: float) -> str:
        """Return the SQL for the database's time so many seconds from now."""
        return _at(self.dialect, clock.reference(), seconds)

    def until(self, column: str) -> str:
        """Return the SQL for the seconds until the time in a column, given as in a statement."""
        name = column.format(**_names(self.alias))
        return self.dialect.until.format(column=name, now=self.at(0.0))

    def adapt(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values as the driver takes them."""
        return [self._adapted(value) for value in values]

    def _adapted(self, value: Any) -> Any:
        if isinstance(value, UUID):
            return self.key(value)
        if isinstance(value, datetime):
            return self.connection.ops.adapt_datetimefield_value(value)
        return value

    def key(self, value: UUID) -> Any:
        """Return a UUID as the driver takes it."""
        return value if self.connection.features.has_native_uuid_field else value.hex


def as_uuid(value: Any) -> UUID:
    """Return what the driver gave for a UUID column as one."""
    return value if isinstance(value, UUID) else UUID(value)


@lru_cache(maxsize=1024)
def _compiled(
    alias: str,
    dialect: Dialect,
    reference: timedelta | datetime,
    text: str,
    parts: tuple[tuple[str, str], ...],
) -> str:
    now = _at(dialect, reference, 0.0)
    times = {"ago": dialect.ago.format(now=now), "later": dialect.later.format(now=now)}
    return text.format(**_names(alias), now=now, **times, timers=_TIMERS, d=dialect, **dict(parts))


def _at(dialect: Dialect, reference: timedelta | datetime, seconds: float) -> str:
    if isinstance(reference, datetime):
        moment = (reference + timedelta(seconds=seconds)).replace(tzinfo=None)
        return dialect.moment.format(moment.isoformat(sep=" ", timespec="microseconds"))
    away = reference.total_seconds() + seconds
    return dialect.at.format(f"{away:+.6f}") if away else dialect.now


@cache
def _names(alias: str) -> dict[str, Any]:
    """R, S, E, T, W are the tables of runs, steps, events, schedules, waits; r, … hold their columns."""
    quote = connections[alias].ops.quote_name
    names: dict[str, Any] = {}
    models: dict[str, type[Model]] = {"R": Run, "S": Step, "E": Event, "T": Schedule, "W": Wait}
    for letter, model in models.items():
        columns = {f.name: quote(f.column or f.name) for f in model._meta.concrete_fields}
        names[letter] = quote(model._meta.db_table)
        names[letter.lower()] = SimpleNamespace(**columns)
    return names
