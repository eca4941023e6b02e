"""Steps, with the hot statements written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from durable.conf import conf
from durable.replay.request import Request
from durable.store.executor import retried
from durable.store.rows import Result, RunClaim, StepClaim
from durable.store.runs import error_text
from durable.store.sql import Sql, as_uuid
from durable.store.steps import Steps

CLAIMABLE = "{s.due_at} <= {now} AND {s.status} IN ('pending', 'running')"

HISTORY = """
SELECT {s.key}, {s.branch}, {s.status}, {s.output}, {s.error}, {s.large}, {s.attempt}, {wait}
FROM {S} WHERE {s.run} = %s {waves} ORDER BY {s.id}
"""

INSERT = """
INSERT INTO {S} ({s.run}, {s.key}, {s.name}, {s.index}, {s.branch}, {s.op}, {s.wave}, {s.mode},
 {s.status}, {s.claim}, {s.attempt}, {s.crashes}, {s.output}, {s.error}, {s.large}, {s.due_at},
 {s.started}, {s.ended}, {s.by})
"""

# A run that is held has an owner. Asking for that rather than for the status leaves the planner one
# index to think about: the primary key's.
RECORD = (
    INSERT
    + """SELECT {r.id}, %s, %s, %s, %s, %s, %s, '', '{status}', 0, %s, 0, %s, %s, {large},
 {due}, {ago}, {ended}, {r.claim}
FROM {R} WHERE {r.id} = %s AND {r.claim} = %s AND {r.owner} IS NOT NULL {d.share} {d.skip_existing}
"""
)

PLAN = (
    INSERT
    + """VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'pending', 0, 0, 0, NULL, NULL, {false},
 {now}, NULL, NULL, %s)"""
)

DUE = (
    "SELECT {s.id} FROM {S} WHERE "
    + CLAIMABLE
    + " {of_run} ORDER BY {s.due_at}, {s.id} LIMIT {limit}"
)

TAKE = """
UPDATE {S} SET
 {s.crashes} = CASE WHEN {s.status} = 'running' THEN {s.crashes} + 1 ELSE 0 END,
 {s.status} = 'running', {s.claim} = {s.claim} + 1, {s.owner} = %s, {s.due_at} = {lease},
 {s.started} = {now}
"""

TAKEN = (
    "{s.id}, {s.run}, {s.key}, {s.name}, {s.branch}, {s.claim}, {s.attempt}, {s.crashes}, {s.wave}, "
    "{s.mode}"
)

CLAIM = TAKE + " WHERE {s.id} IN (" + DUE + ") RETURNING " + TAKEN

COUNT = "SELECT COUNT(*) FROM (SELECT 1 FROM {S} WHERE " + CLAIMABLE + " LIMIT {limit}) AS due"

FLUSH = """
UPDATE {S} SET {s.status} = %s, {s.attempt} = %s, {s.output} = %s, {s.error} = %s,
 {s.large} = {large}, {s.owner} = NULL, {s.due_at} = {due}, {s.started} = {ago},
 {s.ended} = {ended}
WHERE {s.id} = %s AND {s.claim} = %s AND {s.status} = 'running'
"""

COUNT_DOWN = """
UPDATE {R} SET {r.wake} = {r.wake} + %s,
 {r.pending} = CASE WHEN {r.pending} > %s THEN {r.pending} - %s ELSE 0 END
WHERE {r.id} = %s AND {r.ended} IS NULL
"""

WAKE = """
UPDATE {R} SET {r.due_at} = {now}, {r.status} = 'queued'
WHERE {r.id} = %s AND {r.status} = 'waiting' {if_last}
"""


class SqlSteps(Sql, Steps):
    """Fast history, record, plan, claim and flush; the rest is the plain ORM's."""

    claim_text = CLAIM
    true, false = "TRUE", "FALSE"

    def _history_rows(
        self, run: UUID, before: int | None, wave: int | None
    ) -> list[tuple[Any, ...]]:
        waves = "" if before is None else f"AND {{s.wave}} < {int(before)}"
        waves += "" if wave is None else f" AND {{s.wave}} = {int(wave)}"
        rows = self.ask(HISTORY, run, wait=self.until("{s.due_at}"), waves=self.text(waves))
        return [(*row[:-1], float(row[-1] or 0.0)) for row in rows]

    def _insert(self, run: RunClaim, result: Result) -> bool:
        r = result.request
        attempt, output, error, parts = self._outcome(result)
        values = (r.key, r.name, r.index, r.branch, r.op, run.wave, attempt, output, error)
        took = round(result.seconds, 3)
        parts["status"] = result.status
        return self.tell(RECORD, *values, took, run.id, run.claim, **parts) == 1

    def _insert_planned(self, run: RunClaim, requests: Sequence[Request], wave: int) -> None:
        rows = [
            (run.id, r.key, r.name, r.index, r.branch, r.op, wave, r.mode.value, run.claim)
            for r in requests
        ]
        self.tell_many(PLAN, rows, false=self.false)

    def count_due(self, most: int) -> int:
        """Count the planned steps that are due, up to `most`."""
        return int(self.ask(COUNT, limit=str(int(most)))[0][0])

    @retried
    def claim(self, owner: str, limit: int, run: UUID | None = None) -> list[StepClaim]:
        """Take over up to `limit` due planned steps, of one run or of any, for one lease."""
        of_run = "" if run is None else self.text("AND {s.run} = %s")
        values = [owner] if run is None else [owner, run]
        parts = {"of_run": of_run, "limit": str(int(limit)), "lease": self.at(conf.LEASE)}
        return sorted(
            (self.claim_of(row) for row in self._claim_rows(values, parts)), key=lambda c: c.id
        )

    def _claim_rows(self, values: list[Any], parts: dict[str, str]) -> list[tuple[Any, ...]]:
        return self.ask(self.claim_text, *values, **parts)

    @staticmethod
    def claim_of(row: tuple[Any, ...]) -> StepClaim:
        """Return the claim a row of TAKEN tells of."""
        pk, run, key, name, branch, claim, attempt, crashes, wave, mode = row
        return StepClaim(
            id=pk,
            run=as_uuid(run),
            key=key,
            name=name,
            branch=branch,
            claim=claim,
            attempt=attempt,
            crashes=crashes,
            wave=wave,
            mode=mode,
        )

    def _write_one(self, claim: StepClaim, result: Result) -> bool:
        attempt, output, error, parts = self._outcome(result)
        status = result.status if result.is_final else "pending"
        took = round(result.age + result.seconds, 3)
        parts["ended"] = self.at(-result.age) if result.is_final else "NULL"
        values = (status, attempt, output, error, took, claim.id, claim.claim)
        return self.tell(FLUSH, *values, **parts) == 1

    def _join(self, run: UUID, ended: int, raced: int) -> int:
        self.tell(COUNT_DOWN, raced, ended, ended, run)
        if_last = "" if raced else self.text("AND {r.pending} = 0")
        return self.tell(WAKE, run, if_last=if_last)

    def _outcome(self, result: Result) -> tuple[int, str | None, str | None, dict[str, str]]:
        error = error_text(result.failure) if result.failure else None
        parts = {
            "large": self.true if result.is_large else self.false,
            "due": "NULL" if result.retry_in is None else self.at(result.retry_in),
            "ended": self.at(0.0) if result.is_final else "NULL",
        }
        attempt = result.attempt + (not result.is_final)
        return attempt, None if result.is_large else result.output, error, parts
