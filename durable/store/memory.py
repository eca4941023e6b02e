"""What is remembered of a run, and what is added to it by who drives it. The plain ORM."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, QuerySet, Value
from django.db.models.functions import Greatest

from durable import codec
from durable.models import Blob, Step, StepStatus, Wait
from durable.playback.failure import Failure
from durable.playback.interrupt import Fenced
from durable.playback.memo import Memo
from durable.store.attempts import note_attempt
from durable.store.clock import database_now, until
from durable.store.columns import outcome_fields
from durable.store.executor import retried
from durable.store.rows import (
    History,
    Result,
    RunClaim,
    Try,
)
from durable.store.runs import Runs
from durable.store.table import Table

_CLAIMABLE = (StepStatus.PENDING, StepStatus.RUNNING)


class Memory(Table):
    """The rows of Step as the driver of one run reads and writes them."""

    is_recorded_at_once = False  # whether many new results are recorded by few statements
    is_flushed_at_once = False  # whether many results are one statement, a transaction by itself

    def __init__(self, runs: Runs) -> None:
        super().__init__(runs.alias)
        self.runs = runs

    @property
    def rows(self) -> QuerySet[Step]:
        """All steps."""
        return Step.objects.using(self.alias)

    @retried
    def history(self, run: UUID, *, before: int | None = None, wave: int | None = None) -> History:
        """Return what is remembered of a run: all of it, that of the waves `before` one, or of one."""
        memos: dict[str, Memo] = {}
        tries: dict[str, Try] = {}
        dues: dict[str, float] = {}
        abandoned: set[str] = set()
        large: list[str] = []
        rows = self._history_rows(run, before, wave)
        branches: dict[str, str] = {}
        kinds: dict[str, str] = {}
        for key, branch, status, output, error, is_large, attempt, op, wait in rows:
            branches[key], kinds[key] = branch, op
            if status in (StepStatus.DONE, StepStatus.FAILED):
                failure = Failure.of_json(codec.decode(error)) if error else None
                memos[key] = Memo(key=key, branch=branch, output=output, failure=failure)
                if is_large:
                    large.append(key)
            elif status == StepStatus.RETRYING:
                tries[key] = Try(attempt, wait)
            elif status in _CLAIMABLE:
                dues[key] = wait
            else:
                abandoned.add(key)
        if large:
            memos |= self._with_bodies(run, memos, large)
        return History(
            memos=memos,
            tries=tries,
            opened=frozenset(dues),
            branches=branches,
            kinds=kinds,
            dues=dues,
            abandoned=frozenset(abandoned),
        )

    def _history_rows(
        self, run: UUID, before: int | None, wave: int | None
    ) -> list[tuple[Any, ...]]:
        rows = self.rows.filter(run=run).order_by("ended", "id")
        if before is not None:
            rows = rows.filter(wave__lt=before)
        if wave is not None:
            rows = rows.filter(wave=wave)
        found = rows.values_list(
            *("key", "branch", "status", "output", "error", "large", "attempt", "op"),
            until("due_at"),
        )
        return [(*row[:-1], row[-1].total_seconds() if row[-1] else 0.0) for row in found]

    def _with_bodies(self, run: UUID, memos: dict[str, Memo], keys: list[str]) -> dict[str, Memo]:
        blobs = Blob.objects.using(self.alias).filter(run=run, key__in=keys)
        return {
            blob.key: Memo(key=blob.key, branch=memos[blob.key].branch, output=blob.body)
            for blob in blobs
        }

    @retried
    def abandon(self, run: RunClaim, keys: Collection[str]) -> None:
        """Give up planned steps that nobody needs any more, also those whose bodies run.

        One that has ended meanwhile is given up like the others: who drives the run went on without
        knowing its result, and so must every later call.

        Args:
            run: the claim under which they are given up.
            keys: the steps.

        Raises:
            Fenced: the run is no longer held. Nothing was given up.
        """
        rows = self.rows.filter(run=run.id, key__in=list(keys))
        rows = rows.exclude(status=StepStatus.CANCELLED)
        with transaction.atomic(self.alias):
            held = list(self._in_order(rows).values_list("pk", "status", "op"))
            found = {pk: status for pk, status, _ in held}
            still_open = self.rows.filter(pk__in=list(found), status__in=_CLAIMABLE)
            still_open.update(ended=database_now())
            self.rows.filter(pk__in=list(found)).update(
                status=StepStatus.CANCELLED, due_at=None, owner=None
            )
            Wait.objects.using(self.alias).filter(step__in=list(found)).delete()
            if any(op == "child" for _, _, op in held):
                self.runs.cancel_branches(run.id, keys)
            count = sum(status in _CLAIMABLE for status in found.values())
            left = Greatest(F("pending") - count, Value(0))
            if not self.runs.held(run).update(pending=left):
                raise Fenced

    def _in_order(self, rows: QuerySet[Step]) -> QuerySet[Step]:
        """Lock steps as a flush does: one after the other, and before their run."""
        rows = rows.order_by("id")
        has_locks = self.connection.features.has_select_for_update
        return rows.select_for_update() if has_locks else rows

    @retried
    def record(
        self, run: RunClaim, results: Sequence[Result], retried: Collection[str], mode: str = ""
    ) -> list[Memo]:
        """Record steps that ran in place, under the run's claim.

        Args:
            run: the claim they ran under.
            results: what came of them.
            retried: keys of those that have a row already, from an earlier try.
            mode: of the wave that they are of, if they are of one.

        Returns:
            For each result what is remembered, which is another's if that was recorded first.

        Raises:
            Fenced: the run is no longer held. Nothing was recorded.
        """
        again = frozenset(retried)
        if len(results) == 1 and results[0].is_plain:
            return [self._record_one(run, results[0], again, mode)]
        if self.is_recorded_at_once and all(_is_plain_and_new(result, again) for result in results):
            written = self._insert_all(run, results, mode)
            return [r.memo if r.request.key in written else self._adopt(run, r) for r in results]
        with transaction.atomic(self.alias):
            return [self._record_one(run, result, again, mode) for result in results]

    def record_alone(self, run: RunClaim, result: Result, retried: Collection[str]) -> Memo:
        """Record a step in the caller's transaction, which is lost if another has recorded it.

        Raises:
            Fenced: the run is no longer held, or somebody else did the step.
        """
        is_new = result.request.key not in frozenset(retried)
        if not (self._insert(run, result) if is_new else self._update(run, result)):
            raise Fenced
        if not result.is_plain:
            self._add_extras(run.id, result)
        return result.memo

    def _record_one(self, run: RunClaim, result: Result, again: frozenset[str], mode: str) -> Memo:
        is_new = result.request.key not in again
        written = self._insert(run, result, mode) if is_new else self._update(run, result)
        if not written:
            return self._adopt(run, result)
        if not result.is_plain:
            self._add_extras(run.id, result)
        return result.memo

    def _add_extras(self, run: UUID, result: Result) -> None:
        request, output = result.request, result.output
        if output is not None and result.is_large:
            Blob.objects.using(self.alias).create(run_id=run, key=request.key, body=output)
        if result.failure is not None:
            note_attempt(
                self.alias,
                run,
                result.failure,
                result.attempt,
                key=request.key,
                name=request.title,
                seconds=result.seconds,
                retries=result.retries,
            )

    def _insert(self, run: RunClaim, result: Result, mode: str = "") -> bool:
        request = result.request
        try:
            with transaction.atomic(self.alias):
                if not self.runs.held(run).update(claim=F("claim")):
                    raise Fenced
                self.rows.create(
                    run_id=run.id,
                    key=request.key,
                    name=request.name,
                    index=request.index,
                    branch=request.branch,
                    op=request.op,
                    wave=run.wave,
                    mode=mode,
                    by=run.claim,
                    group=request.group,
                    given=result.given,
                    **outcome_fields(result),
                )
        except IntegrityError:
            return False
        return True

    def _insert_all(self, run: RunClaim, results: Sequence[Result], mode: str) -> Collection[str]:
        """Insert rows together; return the keys of those that were not there."""
        raise NotImplementedError

    def _update(self, run: RunClaim, result: Result) -> bool:
        row = self.rows.filter(run=run.id, key=result.request.key, status=StepStatus.RETRYING)
        # A repeat finds that its own first saying has counted the try.
        row = row.filter(Exists(self.runs.held(run)), attempt=result.attempt)
        return bool(row.update(by=run.claim, **outcome_fields(result)))

    def _adopt(self, run: RunClaim, result: Result) -> Memo:
        """The step has a row already: ours, from a statement whose outcome was unknown, or a rival's.

        Whoever has lost the run stops here. He would adopt one result after the other otherwise, and
        run the bodies of steps that are recorded.
        """
        memo = self.history(run.id).memos.get(result.request.key)
        if (memo is None and result.is_final) or not self.runs.held(run).exists():
            raise Fenced
        return memo or result.memo


def _is_plain_and_new(result: Result, again: frozenset[str]) -> bool:
    return result.is_plain and result.request.key not in again
