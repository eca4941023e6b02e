"""Steps: remembered, recorded, planned, claimed, flushed. The plain ORM; families say it faster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, QuerySet, Value, When
from django.db.models.functions import Greatest

from durable import codec
from durable.conf import conf
from durable.models import Blob, Run, RunStatus, Step, StepStatus
from durable.replay.failure import Failure
from durable.replay.interrupt import Fenced
from durable.replay.memo import Memo
from durable.replay.request import ParallelMode, Request
from durable.store.clock import database_in, database_now, until
from durable.store.columns import outcome_fields, rest
from durable.store.executor import retried
from durable.store.rows import History, Result, RunClaim, StepClaim, Try
from durable.store.runs import Runs
from durable.store.table import Table

_CLAIMABLE = (StepStatus.PENDING, StepStatus.RUNNING)
_CLAIMED = ("id", "run_id", "key", "name", "branch", "claim", "attempt", "crashes", "wave", "mode")


Flushed = tuple[StepClaim, Result]


class Steps(Table):
    """The rows of Step on one database."""

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
        opened: set[str] = set()
        large: list[str] = []
        rows = self._history_rows(run, before, wave)
        branches: dict[str, str] = {}
        for key, branch, status, output, error, is_large, attempt, wait in rows:
            branches[key] = branch
            if status in (StepStatus.DONE, StepStatus.FAILED):
                failure = Failure.of_json(codec.decode(error)) if error else None
                memos[key] = Memo(key=key, branch=branch, output=output, failure=failure)
                if is_large:
                    large.append(key)
            elif status == StepStatus.RETRYING:
                tries[key] = Try(attempt, wait)
            elif status in _CLAIMABLE:
                opened.add(key)
        if large:
            memos |= self._with_bodies(run, memos, large)
        return History(memos=memos, tries=tries, opened=frozenset(opened), branches=branches)

    def _history_rows(
        self, run: UUID, before: int | None, wave: int | None
    ) -> list[tuple[Any, ...]]:
        rows = self.rows.filter(run=run).order_by("id")
        if before is not None:
            rows = rows.filter(wave__lt=before)
        if wave is not None:
            rows = rows.filter(wave=wave)
        found = rows.values_list(
            "key", "branch", "status", "output", "error", "large", "attempt", until("due_at")
        )
        return [(*row[:-1], row[-1].total_seconds() if row[-1] else 0.0) for row in found]

    def _with_bodies(self, run: UUID, memos: dict[str, Memo], keys: list[str]) -> dict[str, Memo]:
        blobs = Blob.objects.using(self.alias).filter(run=run, key__in=keys)
        return {
            blob.key: Memo(key=blob.key, branch=memos[blob.key].branch, output=blob.body)
            for blob in blobs
        }

    @retried
    def record(
        self, run: RunClaim, results: Sequence[Result], retried: Iterable[str]
    ) -> list[Memo]:
        """Record steps that ran in place, under the run's claim.

        Args:
            run: the claim they ran under.
            results: what came of them.
            retried: keys of those that have a row already, from an earlier try.

        Returns:
            For each result what is remembered, which is another's if that was recorded first.

        Raises:
            Fenced: the run is no longer held. Nothing was recorded.
        """
        again = frozenset(retried)
        if len(results) == 1 and results[0].is_plain:
            return [self._record_one(run, results[0], again)]
        with transaction.atomic(self.alias):
            return [self._record_one(run, result, again) for result in results]

    def _record_one(self, run: RunClaim, result: Result, again: frozenset[str]) -> Memo:
        is_new = result.request.key not in again
        written = self._insert(run, result) if is_new else self._update(run, result)
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
            self.runs.note_attempt(
                run, request.key, request.title, result.attempt, result.failure, result.seconds
            )

    def _insert(self, run: RunClaim, result: Result) -> bool:
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
                    by=run.claim,
                    **outcome_fields(result),
                )
        except IntegrityError:
            return False
        return True

    def _update(self, run: RunClaim, result: Result) -> bool:
        row = self.rows.filter(run=run.id, key=result.request.key, status=StepStatus.RETRYING)
        # A repeat finds that its own first saying has counted the try.
        row = row.filter(Exists(self.runs.held(run)), attempt=result.attempt)
        return bool(row.update(by=run.claim, **outcome_fields(result)))

    def _adopt(self, run: RunClaim, result: Result) -> Memo:
        """The step has a row: ours, from a statement whose outcome was unknown, or a rival's."""
        memo = self.history(run.id).memos.get(result.request.key)
        if memo is not None:
            return memo
        if result.is_final or not self.runs.held(run).exists():
            raise Fenced
        return result.memo

    @retried
    def plan(self, run: RunClaim, requests: Sequence[Request], *, park: bool) -> int:
        """Insert a wave of pending steps, and return its number; park the run in the same breath.

        Raises:
            Fenced: the run is no longer held.
        """
        wave = run.wave + 1
        with transaction.atomic(self.alias):
            moved = rest() if park else {}
            moved |= {"wave": wave, "attempt": 0, "pending": F("pending") + len(requests)}
            if not self.runs.held(run).filter(wave=run.wave).update(**moved):
                if self.rows.filter(run=run.id, wave=wave, by=run.claim).exists():
                    return wave
                raise Fenced
            self._insert_planned(run, requests, wave)
        return wave

    def _insert_planned(self, run: RunClaim, requests: Sequence[Request], wave: int) -> None:
        now = database_now()
        self.rows.bulk_create(
            [
                Step(
                    run_id=run.id,
                    key=request.key,
                    name=request.name,
                    index=request.index,
                    branch=request.branch,
                    op=request.op,
                    mode=request.mode.value,
                    wave=wave,
                    status=StepStatus.PENDING,
                    due_at=now,
                    by=run.claim,
                )
                for request in requests
            ],
            batch_size=500,
        )

    def count_due(self, most: int) -> int:
        """Count the planned steps that are due, up to `most`."""
        due = self.rows.filter(due_at__lte=database_now(), status__in=_CLAIMABLE)
        return due.order_by()[:most].count()

    @retried
    def claim(self, owner: str, limit: int, run: UUID | None = None) -> list[StepClaim]:
        """Take over up to `limit` due planned steps, of one run or of any, for one lease."""
        with transaction.atomic(self.alias):
            due = self.rows.filter(due_at__lte=database_now(), status__in=_CLAIMABLE)
            if run is not None:
                due = due.filter(run=run)
            features = self.connection.features
            if features.has_select_for_update:
                due = due.select_for_update(skip_locked=features.has_select_for_update_skip_locked)
            ids = [row.pk for row in due.order_by("due_at", "id").only("pk")[:limit]]
            if not ids:
                return []
            rows = self.rows.filter(pk__in=ids)
            rows.update(
                crashes=Case(
                    When(status=StepStatus.RUNNING, then=F("crashes") + 1), default=Value(0)
                ),
                claim=F("claim") + 1,
                owner=owner,
                due_at=database_in(conf.LEASE),
                started=database_now(),
                status=StepStatus.RUNNING,
            )
            return [
                StepClaim(
                    **{name.replace("run_id", "run"): getattr(row, name) for name in _CLAIMED}
                )
                for row in rows.only(*_CLAIMED).order_by("id")
            ]

    @retried
    def flush(self, results: Sequence[Flushed]) -> int:
        """Record a batch of planned steps, each under its claim, and join their waves.

        Returns:
            How many runs became due by it.
        """
        if not results:
            return 0
        with transaction.atomic(self.alias):
            ended: Counter[UUID] = Counter()
            raced: Counter[UUID] = Counter()
            for claim, result in self._write(sorted(results, key=lambda pair: pair[0].id)):
                if not result.is_plain:
                    self._add_extras(claim.run, result)
                if result.is_final:
                    ended[claim.run] += 1
                    raced[claim.run] += claim.mode == ParallelMode.RACE
            return sum(self._join(run, ended[run], raced[run]) for run in sorted(ended))

    def _write(self, results: Sequence[Flushed]) -> list[Flushed]:
        """Write those results whose steps are still held under their claims, and return them."""
        return [(claim, result) for claim, result in results if self._write_one(claim, result)]

    def _write_one(self, claim: StepClaim, result: Result) -> bool:
        row = self.rows.filter(pk=claim.id, claim=claim.claim, status=StepStatus.RUNNING)
        fields = outcome_fields(result)
        if not result.is_final:
            fields |= {"status": StepStatus.PENDING}
        return row.update(owner=None, **fields) == 1

    def _join(self, run: UUID, ended: int, raced: int) -> int:
        """Count down; the last of a wave, or any racer, makes a parked run due."""
        rows = Run.objects.using(self.alias).filter(pk=run, ended=None)
        left = Greatest(F("pending") - ended, Value(0))
        rows.update(wake=F("wake") + raced, pending=left)
        parked = rows.filter(status=RunStatus.WAITING)
        if not raced:
            parked = parked.filter(pending=0)
        return parked.update(due_at=database_now(), status=RunStatus.QUEUED)

    @retried
    def give_back(self, claims: Iterable[StepClaim], delay: float = 0.0) -> None:
        """Let go of planned steps that this process cannot run."""
        for claim in claims:
            self.rows.filter(pk=claim.id, claim=claim.claim, status=StepStatus.RUNNING).update(
                status=StepStatus.PENDING, owner=None, due_at=database_in(delay)
            )
