"""Postgres: SKIP LOCKED claims, arrays for many rows, a share lock that makes the fence exact."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from durable.conf import conf
from durable.playback.given import given
from durable.playback.request import Request
from durable.store.prepared import Prepared
from durable.store.rows import Flush, Plan, Result, RunClaim, StepClaim, error_text
from durable.store.sql import Dialect
from durable.store.sqlleases import SqlLeases
from durable.store.sqlruns import DUE as DUE_RUNS
from durable.store.sqlruns import HELD, SqlRuns
from durable.store.sqlruns import TAKE as TAKE_RUNS
from durable.store.sqlruns import TAKEN as TAKEN_RUNS
from durable.store.sqlsteps import DUE as DUE_STEPS
from durable.store.sqlsteps import INSERT, SqlSteps, recorded
from durable.store.sqlsteps import TAKE as TAKE_STEPS
from durable.store.sqlsteps import TAKEN as TAKEN_STEPS
from durable.store.sqlwaits import SqlWaits
from durable.store.steps import Flushed

POSTGRES = Dialect(
    now="STATEMENT_TIMESTAMP()",
    at="(STATEMENT_TIMESTAMP() + INTERVAL '{} seconds')",
    moment="TIMESTAMPTZ '{}+00'",
    ago="({now} - %s * INTERVAL '1 second')",
    later="({now} + %s * INTERVAL '1 second')",
    until="EXTRACT(EPOCH FROM ({column} - {now}))",
    share="FOR SHARE",
    skip_existing="ON CONFLICT DO NOTHING",
)

# The rows of a wave have their numbers in the order of its branches.
_PLAN = (
    """
WITH moved AS (
 UPDATE {R} SET {r.wave} = {r.wave} + 1, {r.attempt} = 0, {r.pending} = {r.pending} + %s {park}
 WHERE """
    + HELD
    + """ AND {r.wave} = %s RETURNING {r.id} AS run, {r.wave} AS wave, {r.owner} AS taker
), inserted AS ("""
    + INSERT
    + """SELECT run, key, name, index, branch, op, wave, mode,
  CASE WHEN taken THEN 'running' ELSE 'pending' END, taken::int, CASE WHEN taken THEN taker END,
  0, 0, NULL, NULL, FALSE,
  CASE WHEN taken THEN {lease} ELSE COALESCE(until, {now} + seconds * INTERVAL '1 second') END,
  CASE WHEN taken OR op IN {timers} THEN {now} END, NULL, %s, nest, given, {now}
 FROM moved, UNNEST(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::text[],
  %s::timestamptz[], %s::float8[], %s::bool[], %s::text[], %s::text[])
  WITH ORDINALITY AS planned (key, name, index, branch, op, mode, until, seconds, taken, nest,
   given, place)
 ORDER BY place RETURNING {s.status}, """
    + TAKEN_STEPS
    + """
)
SELECT moved.wave, inserted.* FROM moved LEFT JOIN inserted ON inserted.{s.status} = 'running'
"""
)
_AND_PARK = """, {r.owner} = NULL,
 {r.due_at} = CASE WHEN {r.wake} > 0 THEN {now} END,
 {r.status} = CASE WHEN {r.wake} > 0 THEN 'queued' ELSE 'waiting' END"""


# In the order in which they ended, so that they are remembered in it.
_RECORD_ALL = (
    INSERT
    + """SELECT {R}.{r.id}, d.key, d.name, d.index, d.branch, d.op, {R}.{r.wave}, %s, 'done', 0, NULL,
 d.attempt, 0, d.output, NULL, FALSE, NULL, {now} - (d.age + d.seconds) * INTERVAL '1 second',
 {now} - d.age * INTERVAL '1 second', {R}.{r.claim}, d.nest, d.given, NULL
FROM {R}, UNNEST(%s::text[], %s::text[], %s::int[], %s::text[], %s::text[], %s::int[], %s::text[],
 %s::float8[], %s::float8[], %s::text[], %s::text[])
 WITH ORDINALITY AS d (key, name, index, branch, op, attempt, output, age, seconds, nest, given, place)
WHERE {R}.{r.id} = %s AND {R}.{r.claim} = %s AND {R}.{r.owner} IS NOT NULL
ORDER BY place {d.share} OF {R} {d.skip_existing} RETURNING {s.key}
"""
)

# Steps before their run, as everywhere: the run's row is locked when its steps have been written.
_FLUSH = """
WITH written AS (
 UPDATE {S} SET {s.status} = f.status, {s.attempt} = f.attempt, {s.output} = f.output,
  {s.error} = f.error, {s.large} = f.large, {s.owner} = NULL, {s.crashes} = 0,
  {s.due_at} = {now} + f.retry_in * INTERVAL '1 second',
  {s.started} = CASE WHEN {s.op} IN {timers} THEN {s.started}
   ELSE {now} - (f.age + f.seconds) * INTERVAL '1 second' END,
  {s.ended} = CASE WHEN f.retry_in IS NULL THEN {now} - f.age * INTERVAL '1 second' END
 FROM UNNEST(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::text[], %s::text[], %s::bool[],
  %s::float8[], %s::float8[], %s::float8[])
  AS f (id, claim, status, attempt, output, error, large, retry_in, age, seconds)
 WHERE {S}.{s.id} = f.id AND {S}.{s.claim} = f.claim AND {S}.{s.status} = 'running'
 RETURNING {S}.{s.id} AS id, {S}.{s.run} AS run, {S}.{s.mode} AS mode, f.retry_in AS retry_in
), ended AS (
 SELECT run, COUNT(*) AS steps, COUNT(*) FILTER (WHERE mode = 'race') AS raced
 FROM written WHERE retry_in IS NULL GROUP BY run
), joined AS (
 UPDATE {R} SET {r.wake} = {r.wake} + raced, {r.pending} = GREATEST({r.pending} - steps, 0),
  {r.due_at} = CASE WHEN {is_woken} THEN {now} ELSE {r.due_at} END,
  {r.status} = CASE WHEN {is_woken} THEN 'queued' ELSE {r.status} END
 FROM ended WHERE {R}.{r.id} = ended.run AND {R}.{r.ended} IS NULL
 RETURNING {r.status} = 'queued' AND {r.due_at} = {now} AS is_woken
)
SELECT id, (SELECT COUNT(*) FROM joined WHERE is_woken) FROM written
"""
_IS_WOKEN = "({r.status} = 'waiting' AND (raced > 0 OR {r.pending} <= steps))"


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

    is_recorded_at_once = is_flushed_at_once = True

    def _plan(
        self, run: RunClaim, requests: Sequence[Request], *, park: bool, take: int
    ) -> Plan | None:
        taken = self._to_take(requests, take)
        columns = [
            [request.key for request in requests],
            [request.name for request in requests],
            [request.index for request in requests],
            [request.branch for request in requests],
            [request.op for request in requests],
            [request.mode.value for request in requests],
            [request.until for request in requests],
            [request.due_in for request in requests],
            [request.key in taken for request in requests],
            [request.group for request in requests],
            [given(request) for request in requests],
        ]
        moved = (len(requests), run.id, run.claim, run.wave)
        parts = {"park": self.text(_AND_PARK) if park else "", "lease": self.at(conf.LEASE)}
        rows = self.ask(_PLAN, *moved, run.claim, *columns, **parts)
        if not rows:
            return None
        claims = [self.claim_of(tuple(step)) for _, status, *step in rows if status]
        return Plan(wave=rows[0][0], claims=sorted(claims, key=lambda claim: claim.id))

    def _insert_all(self, run: RunClaim, results: Sequence[Result], mode: str) -> Collection[str]:
        columns = map(list, zip(*map(recorded, results), strict=True))
        return {key for (key,) in self.ask(_RECORD_ALL, mode, *columns, run.id, run.claim)}

    def _write(self, results: Sequence[Flushed]) -> Flush:
        columns = zip(*(_columns(claim, result) for claim, result in results), strict=True)
        rows = self.ask(_FLUSH, *map(list, columns), is_woken=self.text(_IS_WOKEN))
        ids = {pk for pk, _ in rows}
        written = [pair for pair in results if pair[0].id in ids]
        return Flush(written=written, woken=rows[0][1] if rows else 0)


def _columns(claim: StepClaim, result: Result) -> tuple[Any, ...]:
    return (
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


class Waits(Prepared, SqlWaits):
    """The rows of Wait on Postgres."""

    dialect = POSTGRES


class Leases(Prepared, SqlLeases):
    """The due rows on Postgres."""

    dialect = POSTGRES
