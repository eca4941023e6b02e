"""Runs, with the hot statements written out."""

from __future__ import annotations

from typing import Any

from durable.conf import conf
from durable.playback.failure import Failure
from durable.playback.interrupt import Fenced
from durable.store.executor import retried
from durable.store.rows import RunClaim, is_large
from durable.store.runs import Runs
from durable.store.sql import Sql, as_uuid

HELD = "{r.id} = %s AND {r.claim} = %s AND {r.status} = 'running'"

DUE = (
    "SELECT {r.id} FROM {R} WHERE {whose}{r.due_at} <= {now} "
    "AND ({r.deadline} IS NULL OR {r.deadline} > {now}) ORDER BY {r.due_at} LIMIT {limit}"
)

# By an index of runs that have a tenant: the second condition says to the planner that this one has.
OF_TENANT = "{r.tenant} = %s AND {r.tenant} > '' AND "
NEXT_TENANT = (
    "SELECT {r.tenant} FROM {R} WHERE {r.tenant} > %s AND {r.tenant} > '' "
    "AND {r.due_at} IS NOT NULL ORDER BY {r.tenant} LIMIT 1"
)

# Who rests for a reason has not got on: the database failed, or the function was not there.
TAKE = """
UPDATE {R} SET
 {r.crashes} = CASE WHEN {r.status} <> 'running' AND {r.reason} <> '' THEN {r.crashes}
  WHEN {r.status} <> 'running' THEN 0
  WHEN EXISTS (SELECT 1 FROM {S} WHERE {S}.{s.run} = {R}.{r.id} AND {S}.{s.by} = {R}.{r.claim})
  THEN 1 ELSE {r.crashes} + 1 END,
 {r.status} = 'running', {r.claim} = {r.claim} + 1, {r.owner} = %s, {r.wake} = 0, {r.reason} = '',
 {r.deadline} = CASE WHEN {r.started} IS NULL THEN NULL ELSE {r.deadline} END,
 {r.started} = COALESCE({r.started}, {now}), {r.due_at} = {lease}
"""

TAKEN = (
    "{r.id}, {r.claim}, {r.function}, {r.event}, {r.attempt}, {r.crashes}, {r.wave}, {r.parent}, "
    "{r.parent_key}, {r.tenant}, {r.step}, {r.version}"
)

CLAIM = TAKE + " WHERE {r.id} IN (" + DUE + ") RETURNING " + TAKEN

FINISH = (
    "UPDATE {R} SET {r.status} = %s, {r.owner} = NULL, {r.due_at} = NULL, {r.deadline} = NULL, "
    "{r.pending} = 0, {r.output} = %s, {r.ended} = {now} WHERE " + HELD
)
PENDING = "SELECT {r.pending} FROM {R} WHERE " + HELD
PARK = (
    "UPDATE {R} SET {r.status} = 'waiting', {r.owner} = NULL, {r.due_at} = NULL "
    "WHERE {r.pending} > 0 AND {r.wake} = 0 AND " + HELD
)


class SqlRuns(Sql, Runs):
    """Fast claim, park and finish; the rest is the plain ORM's."""

    claim_text = CLAIM

    @retried
    def claim(self, owner: str, limit: int = 1, *, tenant: str = "") -> list[RunClaim]:
        """Take over up to `limit` due runs, of one tenant or of all, oldest first, for one lease."""
        values, whose = self.whose(tenant)
        parts = {"whose": whose, "limit": str(int(limit))}
        rows = self.ask(self.claim_text, owner, *values, lease=self.at(conf.LEASE), **parts)
        return [self.claim_of(row) for row in rows]

    def whose(self, tenant: str) -> tuple[list[str], str]:
        """Return the values and the text of the condition that a run is of a tenant."""
        return ([tenant], self.text(OF_TENANT)) if tenant else ([], "")

    def tenant_after(self, tenant: str) -> str:
        """Return the next tenant of whom a run is due or will be; "" after the last one."""
        for (found,) in self.ask(NEXT_TENANT, tenant):
            return str(found)
        return ""

    @staticmethod
    def claim_of(row: tuple[Any, ...]) -> RunClaim:
        """Return the claim a row of TAKEN tells of."""
        pk, claim, function, event, attempt, crashes, wave, parent, parent_key, *more = row
        tenant, step, version = more
        return RunClaim(
            id=as_uuid(pk),
            claim=claim,
            function=function,
            event=None if event is None else as_uuid(event),
            attempt=attempt,
            crashes=crashes,
            wave=wave,
            parent=None if parent is None else as_uuid(parent),
            parent_key=parent_key,
            tenant=tenant,
            step=step,
            version=version,
        )

    @retried
    def count_pending(self, run: RunClaim) -> int:
        """Return the number of planned steps that are not final.

        Raises:
            Fenced: the run is no longer held.
        """
        for (pending,) in self.ask(PENDING, run.id, run.claim):
            return int(pending)
        raise Fenced

    def _park(self, run: RunClaim) -> bool:
        return self.tell(PARK, run.id, run.claim) == 1

    def finish(
        self,
        run: RunClaim,
        status: str,
        *,
        output: str | None = None,
        failure: Failure | None = None,
        attempt: int = 0,
        close_steps: bool = False,
        though_released: bool = False,
    ) -> bool:
        """End the run; False if somebody else has decided."""
        if failure is None and not close_steps and not is_large(output):
            return self._finish_plainly(run, status, output)
        return super().finish(
            run,
            status,
            output=output,
            failure=failure,
            attempt=attempt,
            close_steps=close_steps,
            though_released=though_released,
        )

    @retried
    def _finish_plainly(self, run: RunClaim, status: str, output: str | None) -> bool:
        return self.tell(FINISH, status, output, run.id, run.claim) == 1
