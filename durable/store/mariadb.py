"""MariaDB and MySQL: no UPDATE … RETURNING, so that a claim is three statements in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import IntegrityError, transaction

from durable.conf import conf
from durable.store.events import Events as PlainEvents
from durable.store.executor import retried
from durable.store.rows import Result, RunClaim
from durable.store.sql import Dialect, Sql, as_uuid
from durable.store.sqlleases import SqlLeases
from durable.store.sqlruns import DUE as DUE_RUNS
from durable.store.sqlruns import TAKE as TAKE_RUNS
from durable.store.sqlruns import TAKEN as TAKEN_RUNS
from durable.store.sqlruns import SqlRuns
from durable.store.sqlsteps import DUE as DUE_STEPS
from durable.store.sqlsteps import INSERT, SqlSteps, recorded
from durable.store.sqlsteps import TAKE as TAKE_STEPS
from durable.store.sqlsteps import TAKEN as TAKEN_STEPS
from durable.store.sqlwaits import SqlWaits

MARIADB = Dialect(
    now="UTC_TIMESTAMP(6)",
    at="(UTC_TIMESTAMP(6) + INTERVAL '{}' SECOND_MICROSECOND)",
    moment="TIMESTAMP'{}'",
    ago="({now} - INTERVAL (%s * 1000000) MICROSECOND)",
    later="({now} + INTERVAL (%s * 1000000) MICROSECOND)",
    until="(TIMESTAMPDIFF(MICROSECOND, {now}, {column}) / 1000000.0)",
    share="LOCK IN SHARE MODE",
)
T = TypeVar("T")

_DUPLICATE = 1062
_TOGETHER = 100  # rows in one statement

_STORED = """
SELECT {e.dedupe_key}, {e.id} FROM {E} WHERE {e.dedupe_key} IN ({marks}) LOCK IN SHARE MODE
"""


# In the order in which they ended, so that they are remembered in it.
_RECORD_ALL = (
    INSERT
    + """SELECT {r.id}, d.`key`, d.name, d.place, d.branch, d.op, {r.wave}, %s, 'done', 0, NULL,
 d.attempt, 0, d.output, NULL, FALSE, NULL,
 {now} - INTERVAL ((d.age + d.seconds) * 1000000) MICROSECOND,
 {now} - INTERVAL (d.age * 1000000) MICROSECOND, {r.claim}, d.nest, d.given, NULL
FROM {R}, ({done}) d
WHERE {r.id} = %s AND {r.claim} = %s AND {r.owner} IS NOT NULL ORDER BY d.nth {d.share}
"""
)
_DONE = (
    "SELECT %s AS nth, %s AS `key`, %s AS name, %s AS place, %s AS branch, %s AS op, %s AS attempt, "
    "%s AS output, %s AS age, %s AS seconds, %s AS nest, %s AS given"
)


class Events(Sql, PlainEvents):
    """The rows of Event on MariaDB."""

    dialect = MARIADB

    def _stored(self, keys: Sequence[str]) -> dict[str, UUID]:
        # A plain look may see an old snapshot, and the stronger lock deadlocks with the insert's own.
        if not keys:
            return {}
        rows = self.ask(_STORED, *keys, marks=", ".join(["%s"] * len(keys)))
        return {key: as_uuid(pk) for key, pk in rows}


class Runs(SqlRuns):
    """The rows of Run on MariaDB."""

    dialect = MARIADB

    @retried
    def claim(self, owner: str, limit: int = 1, *, tenant: str = "") -> list[RunClaim]:
        """Take over up to `limit` due runs, of one tenant or of all, oldest first, for one lease."""
        values, whose = self.whose(tenant)
        parts = {"whose": whose, "limit": str(int(limit))}
        with transaction.atomic(self.alias):
            due = self.ask(DUE_RUNS + " FOR UPDATE SKIP LOCKED", *values, **parts)
            if not due:
                return []
            these = " WHERE {r.id} IN (" + ", ".join(["%s"] * len(due)) + ")"
            ids = [pk for (pk,) in due]
            self.tell(TAKE_RUNS + these, owner, *ids, lease=self.at(conf.LEASE))
            rows = self.ask("SELECT " + TAKEN_RUNS + " FROM {R}" + these, *ids)
        return [self.claim_of(row) for row in rows]


class Steps(SqlSteps):
    """The rows of Step on MariaDB."""

    dialect = MARIADB
    is_recorded_at_once = True

    def _claim_rows(self, values: list[Any], parts: dict[str, str]) -> list[tuple[Any, ...]]:
        owner, *which = values
        with transaction.atomic(self.alias):
            due = self.ask(DUE_STEPS + " FOR UPDATE SKIP LOCKED", *which, **parts)
            if not due:
                return []
            these = " WHERE {s.id} IN (" + ", ".join(["%s"] * len(due)) + ")"
            ids = [pk for (pk,) in due]
            self.tell(TAKE_STEPS + these, owner, *ids, lease=parts["lease"])
            return self.ask("SELECT " + TAKEN_STEPS + " FROM {S}" + these, *ids)

    def insert_each(self, into: str, row: str, rows: Sequence[Sequence[Any]], **parts: str) -> None:
        """Insert many rows by one statement: here each is a way to the server and back."""
        for some in _pages(rows):
            values = [value for row in some for value in row]
            self.tell(into + " UNION ALL ".join([row] * len(some)), *values, **parts)

    def _insert_all(self, run: RunClaim, results: Sequence[Result], mode: str) -> Collection[str]:
        with transaction.atomic(self.alias):
            try:
                with transaction.atomic(self.alias):
                    return [
                        key for page in _pages(results) for key in self._record(run, page, mode)
                    ]
            except IntegrityError as error:
                if error.args[0] != _DUPLICATE:
                    raise
            return [r.request.key for r in results if self._insert(run, r, mode)]

    def _record(self, run: RunClaim, results: Sequence[Result], mode: str) -> list[str]:
        rows = [v for nth, result in enumerate(results) for v in (nth, *recorded(result))]
        values = (mode, *rows, run.id, run.claim)
        is_held = self.tell(_RECORD_ALL, *values, done=" UNION ALL ".join([_DONE] * len(results)))
        return [result.request.key for result in results] if is_held else []

    def _insert(self, run: RunClaim, result: Result, mode: str = "") -> bool:
        try:
            if not self.connection.in_atomic_block:
                return super()._insert(run, result, mode)
            with transaction.atomic(self.alias):
                return super()._insert(run, result, mode)
        except IntegrityError as error:
            if error.args[0] != _DUPLICATE:
                raise
            return False


class Waits(SqlWaits):
    """The rows of Wait on MariaDB."""

    dialect = MARIADB


class Leases(SqlLeases):
    """The due rows on MariaDB."""

    dialect = MARIADB


def _pages(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[first : first + _TOGETHER] for first in range(0, len(rows), _TOGETHER))
