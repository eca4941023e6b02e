"""MariaDB and MySQL: no UPDATE … RETURNING, so that a claim is three statements in a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
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
from durable.store.sqlsteps import TAKE as TAKE_STEPS
from durable.store.sqlsteps import TAKEN as TAKEN_STEPS
from durable.store.sqlsteps import SqlSteps

MARIADB = Dialect(
    now="UTC_TIMESTAMP(6)",
    at="(UTC_TIMESTAMP(6) + INTERVAL '{}' SECOND_MICROSECOND)",
    moment="TIMESTAMP'{}'",
    ago="({now} - INTERVAL (%s * 1000000) MICROSECOND)",
    later="({now} + INTERVAL (%s * 1000000) MICROSECOND)",
    until="(TIMESTAMPDIFF(MICROSECOND, {now}, {column}) / 1000000.0)",
    share="LOCK IN SHARE MODE",
)
_DUPLICATE = 1062


_STORED = """
SELECT {e.dedupe_key}, {e.id} FROM {E} WHERE {e.dedupe_key} IN ({marks}) LOCK IN SHARE MODE
"""


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


class Leases(SqlLeases):
    """The due rows on MariaDB."""

    dialect = MARIADB
