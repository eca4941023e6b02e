"""Postgres: SKIP LOCKED claims, arrays for many rows, a share lock that makes the fence exact."""

from __future__ import annotations

from collections.abc import Sequence

from durable.replay.request import Request
from durable.store.rows import RunClaim
from durable.store.sql import Dialect
from durable.store.sqlleases import SqlLeases
from durable.store.sqlruns import DUE as DUE_RUNS
from durable.store.sqlruns import TAKE as TAKE_RUNS
from durable.store.sqlruns import TAKEN as TAKEN_RUNS
from durable.store.sqlruns import SqlRuns
from durable.store.sqlsteps import DUE as DUE_STEPS
from durable.store.sqlsteps import INSERT, SqlSteps
from durable.store.sqlsteps import TAKE as TAKE_STEPS
from durable.store.sqlsteps import TAKEN as TAKEN_STEPS

POSTGRES = Dialect(
    at="(STATEMENT_TIMESTAMP() + INTERVAL '{} seconds')",
    until="EXTRACT(EPOCH FROM ({column} - {now}))",
    share="FOR SHARE",
    skip_existing="ON CONFLICT DO NOTHING",
)

_PLAN = (
    INSERT
    + """SELECT %s, planned.key, planned.name, planned.index, planned.branch, 'run', %s, planned.mode,
 'pending', 0, 0, 0, NULL, NULL, FALSE, {now}, NULL, NULL, %s
FROM UNNEST(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[])
 AS planned (key, name, index, branch, mode)"""
)


class Runs(SqlRuns):
    """The rows of Run on Postgres."""

    dialect = POSTGRES
    # The subquery in ARRAY is evaluated once, whatever plan the UPDATE gets.
    claim_text = (
        f"{TAKE_RUNS} WHERE {{r.id}} = ANY(ARRAY({DUE_RUNS} FOR UPDATE SKIP LOCKED)) "
        f"RETURNING {TAKEN_RUNS}"
    )


class Steps(SqlSteps):
    """The rows of Step on Postgres."""

    dialect = POSTGRES
    claim_text = (
        f"{TAKE_STEPS} WHERE {{s.id}} = ANY(ARRAY({DUE_STEPS} FOR UPDATE SKIP LOCKED)) "
        f"RETURNING {TAKEN_STEPS}"
    )

    def _insert_planned(self, run: RunClaim, requests: Sequence[Request], wave: int) -> None:
        columns = [
            [request.key for request in requests],
            [request.name for request in requests],
            [request.index for request in requests],
            [request.branch for request in requests],
            [request.mode.value for request in requests],
        ]
        self.tell(_PLAN, run.id, wave, run.claim, *columns)


class Leases(SqlLeases):
    """The due rows on Postgres."""

    dialect = POSTGRES
