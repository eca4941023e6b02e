"""Postgres: SKIP LOCKED claims, arrays for many rows, a share lock that makes the fence exact."""

from __future__ import annotations

from collections.abc import Sequence

from durable.replay.request import Request
from durable.store.prepared import Prepared
from durable.store.rows import RunClaim
from durable.store.runs import error_text
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
from durable.store.steps import Flushed

POSTGRES = Dialect(
    at="(STATEMENT_TIMESTAMP() + INTERVAL '{} seconds')",
    ago="({now} - %s * INTERVAL '1 second')",
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


_FLUSH = """
UPDATE {S} SET {s.status} = f.status, {s.attempt} = f.attempt, {s.output} = f.output,
 {s.error} = f.error, {s.large} = f.large, {s.owner} = NULL,
 {s.due_at} = {now} + f.retry_in * INTERVAL '1 second',
 {s.started} = {now} - (f.age + f.seconds) * INTERVAL '1 second',
 {s.ended} = CASE WHEN f.retry_in IS NULL THEN {now} - f.age * INTERVAL '1 second' END
FROM UNNEST(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bool[],
 %s::float8[], %s::float8[], %s::float8[])
 AS f (id, claim, status, attempt, output, error, large, retry_in, age, seconds)
WHERE {S}.{s.id} = f.id AND {S}.{s.claim} = f.claim AND {S}.{s.status} = 'running'
RETURNING {S}.{s.id}
"""


class Runs(Prepared, SqlRuns):
    """The rows of Run on Postgres."""

    dialect = POSTGRES
    # The subquery in ARRAY is evaluated once, whatever plan the UPDATE gets.
    claim_text = (
        f"{TAKE_RUNS} WHERE {{r.id}} = ANY(ARRAY({DUE_RUNS} FOR UPDATE SKIP LOCKED)) "
        f"RETURNING {TAKEN_RUNS}"
    )


class Steps(Prepared, SqlSteps):
    """The rows of Step on Postgres."""

    dialect = POSTGRES
    claim_text = (
        f"{TAKE_STEPS} WHERE {{s.id}} = ANY(ARRAY({DUE_STEPS} FOR UPDATE SKIP LOCKED)) "
        f"RETURNING {TAKEN_STEPS}"
    )

    def _write(self, results: Sequence[Flushed]) -> list[Flushed]:
        rows = [
            (
                claim.id,
                claim.claim,
                result.status if result.is_final else "pending",
                result.attempt + (not result.is_final),
                None if result.is_large else result.output,
                error_text(result.failure) if result.failure else None,
                result.is_large,
                result.retry_in,
                result.age,
                result.seconds,
            )
            for claim, result in results
        ]
        columns = [list(column) for column in zip(*rows, strict=True)]
        written = {pk for (pk,) in self.ask(_FLUSH, *columns)}
        return [(claim, result) for claim, result in results if claim.id in written]

    def _insert_planned(self, run: RunClaim, requests: Sequence[Request], wave: int) -> None:
        columns = [
            [request.key for request in requests],
            [request.name for request in requests],
            [request.index for request in requests],
            [request.branch for request in requests],
            [request.mode.value for request in requests],
        ]
        self.tell(_PLAN, run.id, wave, run.claim, *columns)


class Leases(Prepared, SqlLeases):
    """The due rows on Postgres."""

    dialect = POSTGRES
