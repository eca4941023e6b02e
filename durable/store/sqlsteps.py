"""Steps, with the hot statements written out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from durable.conf import conf
from durable.models import StepStatus
from durable.playback.given import given
from durable.playback.request import Request
from durable.store.rows import Backlog, Result, RunClaim, StepClaim, error_text
from durable.store.sql import Sql, as_uuid
from durable.store.steps import Steps

CLAIMABLE = "{s.due_at} <= {now} AND {s.status} IN ('pending', 'running')"

HISTORY = """
SELECT {s.key}, {s.branch}, {s.status}, {s.output}, {s.error}, {s.large}, {s.attempt},
 {s.op}, {wait}
FROM {S} WHERE {s.run} = %s {waves} ORDER BY {s.ended}, {s.id}
"""

INSERT = """
INSERT INTO {S} ({s.run}, {s.key}, {s.name}, {s.index}, {s.branch}, {s.op}, {s.wave}, {s.mode},
 {s.status}, {s.claim}, {s.owner}, {s.attempt}, {s.crashes}, {s.output}, {s.error}, {s.large},
 {s.due_at}, {s.started}, {s.ended}, {s.by}, {s.group}, {s.given}, {s.planned})
"""

# A run that is held has an owner. Asking for that rather than for the status leaves the planner one
# index to think about: the primary key's.
RECORD = (
    INSERT
    + """SELECT {r.id}, %s, %s, %s, %s, %s, %s, '{mode}', '{status}', 0, NULL, %s, 0, %s, %s, {large},
 {due}, {ago}, {ended}, {r.claim}, %s, %s, NULL
FROM {R} WHERE {r.id} = %s AND {r.claim} = %s AND {r.owner} IS NOT NULL {d.share} {d.skip_existing}
"""
)

PLANNED = """
SELECT %s, %s, %s, %s, %s, %s, %s, %s, {status}, 0, 0, NULL, NULL, {false}, {due},
 {begun}, NULL, %s, %s, %s, {now}
"""
TAKEN_AT_ONCE = "'running', 1, (SELECT {r.owner} FROM {R} WHERE {r.id} = %s)"

DUE = """
SELECT {s.id} FROM {S} WHERE {s.due_at} <= {now} AND {s.status} = '{status}' {of_run}
ORDER BY {s.due_at}, {s.id} LIMIT %s
"""

TAKE = """
UPDATE {S} SET
 {s.crashes} = CASE WHEN {s.status} = 'running' THEN {s.crashes} + 1 ELSE {s.crashes} END,
 {s.status} = 'running', {s.claim} = {s.claim} + 1, {s.owner} = %s, {s.due_at} = {lease},
 {s.started} = CASE WHEN {s.op} IN {timers} THEN {s.started} ELSE {now} END
"""

TAKEN = (
    "{s.id}, {s.run}, {s.key}, {s.name}, {s.branch}, {s.claim}, {s.attempt}, {s.crashes}, {s.wave}, "
    "{s.mode}, {s.op}"
)

CLAIM = TAKE + " WHERE {s.id} IN (" + DUE + ") RETURNING " + TAKEN

LOOK = (
    "SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM {S} WHERE "
    + CLAIMABLE
    + " LIMIT {limit}) AS due), (SELECT {s.status} FROM {S} WHERE "
    + CLAIMABLE
    + " ORDER BY {s.due_at}, {s.id} LIMIT 1),"
    + " EXISTS (SELECT 1 FROM {E} WHERE {e.route_at} <= {now}),"
    + " EXISTS (SELECT 1 FROM {R} WHERE {r.deadline} <= {now})"
)

FLUSH = """
UPDATE {S} SET {s.status} = %s, {s.attempt} = %s, {s.output} = %s, {s.error} = %s,
 {s.large} = {large}, {s.owner} = NULL, {s.due_at} = {due}, {s.ended} = {ended},
 {s.started} = CASE WHEN {s.op} IN {timers} THEN {s.started} ELSE {ago} END
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

    def _insert(self, run: RunClaim, result: Result, mode: str = "") -> bool:
        r = result.request
        attempt, output, error, parts = self._outcome(result)
        values = (r.key, r.name, r.index, r.branch, r.op, run.wave, attempt, output, error)
        took = round(result.seconds, 3)
        parts |= {"status": result.status, "mode": str(mode)}
        besides = (took, r.group, result.given, run.id, run.claim)
        return self.tell(RECORD, *values, *besides, **parts) == 1

    def _insert_planned(
        self, run: RunClaim, requests: Sequence[Request], wave: int, *, is_taken: bool
    ) -> None:
        parts = {
            "status": self.text(TAKEN_AT_ONCE) if is_taken else "'pending', 0, NULL",
            "due": self.at(conf.LEASE) if is_taken else self.text("COALESCE(%s, {later})"),
        }
        for is_timer, same in groupby(requests, key=lambda request: request.is_timer):
            rows = [self._planned_row(run, r, wave, is_taken=is_taken) for r in same]
            begun = self.at(0.0) if is_taken or is_timer else "NULL"
            self.insert_each(INSERT, PLANNED, rows, false=self.false, begun=begun, **parts)

    def _planned_row(
        self, run: RunClaim, r: Request, wave: int, *, is_taken: bool
    ) -> tuple[Any, ...]:
        what = (run.id, r.key, r.name, r.index, r.branch, r.op, wave, r.mode.value)
        when = (run.id,) if is_taken else (r.until, r.due_in)
        return (*what, *when, run.claim, r.group, given(r))

    def look(self, most: int) -> Backlog:
        """Count the planned steps that are due, up to `most`; look what else is to be done."""
        ((count, oldest, has_events, has_overdue),) = self.ask(LOOK, limit=str(int(most)))
        is_oldest_lost = oldest == StepStatus.RUNNING
        return Backlog(int(count), is_oldest_lost, bool(has_events), bool(has_overdue))

    def _claim(
        self, status: str, owner: str, limit: int, run: UUID | None = None
    ) -> list[StepClaim]:
        of_run = "" if run is None else self.text("AND {s.run} = %s")
        values = [owner, limit] if run is None else [owner, run, limit]
        parts = {"of_run": of_run, "status": str(status), "lease": self.at(conf.LEASE)}
        return sorted(
            (self.claim_of(row) for row in self._claim_rows(values, parts)), key=lambda c: c.id
        )

    def _claim_rows(self, values: list[Any], parts: dict[str, str]) -> list[tuple[Any, ...]]:
        return self.ask(self.claim_text, *values, **parts)

    @staticmethod
    def claim_of(row: tuple[Any, ...]) -> StepClaim:
        """Return the claim a row of TAKEN tells of."""
        pk, run, key, name, branch, claim, attempt, crashes, wave, mode, op = row
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
            op=op,
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


def recorded(result: Result) -> tuple[Any, ...]:
    """Return what a step that is done is recorded by, as those take it who write many at once."""
    r = result.request
    what = (r.key, r.name, r.index, r.branch, r.op, result.attempt, result.output)
    return (*what, result.age, result.seconds, r.group, result.given)
