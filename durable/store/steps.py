"""Steps: planned, claimed, flushed. The plain ORM; families say it faster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, F, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest

from durable.conf import conf
from durable.models import Event, Run, RunStatus, Step, StepStatus
from durable.playback.given import given
from durable.playback.interrupt import Fenced
from durable.playback.request import TIMERS, ParallelMode, Request
from durable.store.clock import database_in, database_now
from durable.store.columns import outcome_fields, rest
from durable.store.executor import retried
from durable.store.memory import Memory
from durable.store.rows import (
    Backlog,
    Flush,
    Plan,
    Result,
    RunClaim,
    StepClaim,
)

_CLAIMABLE = (StepStatus.PENDING, StepStatus.RUNNING)
_CLAIMED = (
    *("id", "run_id", "key", "name", "branch", "claim", "attempt", "crashes", "wave"),
    *("mode", "op"),
)


Flushed = tuple[StepClaim, Result]


def _due(request: Request) -> Any:
    if request.due_in is None:
        return None
    return request.until or database_in(request.due_in)


class Steps(Memory):
    """The rows of Step on one database."""

    @retried
    def plan(
        self,
        run: RunClaim,
        requests: Sequence[Request],
        *,
        park: bool = False,
        take: int = 0,
        also: Callable[[], object] | None = None,
    ) -> Plan:
        """Insert a wave of pending steps; park the run in the same breath, or take some of them.

        Args:
            run: the claim under which they are planned.
            requests: the steps.
            park: rest the run until they have ended.
            take: claim so many of them, the first ones, for one lease.
            also: done in the same transaction, when they have been inserted; what it writes is there
                once, however often the plan is repeated.

        Raises:
            Fenced: the run is no longer held.
        """
        if also is None:
            return self._plan(run, requests, park=park, take=take) or self._planned(run)
        with transaction.atomic(self.alias):
            if plan := self._plan(run, requests, park=park, take=take):
                also()
                return plan
        return self._planned(run)

    def _plan(
        self, run: RunClaim, requests: Sequence[Request], *, park: bool, take: int
    ) -> Plan | None:
        wave = run.wave + 1
        with transaction.atomic(self.alias):
            moved = rest() if park else {}
            moved |= {"wave": wave, "attempt": 0, "pending": F("pending") + len(requests)}
            if not self.runs.held(run).filter(wave=run.wave).update(**moved):
                return None
            taken = self._to_take(requests, take)
            for is_taken, same in groupby(requests, key=lambda request: request.key in taken):
                self._insert_planned(run, list(same), wave, is_taken=is_taken)
            return Plan(wave=wave, claims=self._taken(run, wave))

    @staticmethod
    def _to_take(requests: Sequence[Request], take: int) -> set[str]:
        return {request.key for request in [r for r in requests if r.is_work][:take]}

    def _planned(self, run: RunClaim) -> Plan:
        """A repeat finds what its own first saying planned, unless somebody else holds the run."""
        wave = run.wave + 1
        if not self.rows.filter(run=run.id, wave=wave, by=run.claim).exists():
            raise Fenced
        return Plan(wave=wave, claims=self._taken(run, wave))

    def _taken(self, run: RunClaim, wave: int) -> list[StepClaim]:
        mine = self.rows.filter(run=run.id, wave=wave, by=run.claim, claim=1)
        return self._claims(mine.filter(status=StepStatus.RUNNING))

    def _insert_planned(
        self, run: RunClaim, requests: Sequence[Request], wave: int, *, is_taken: bool
    ) -> None:
        owner: Any = self.runs.rows.filter(pk=run.id).values("owner")
        status = StepStatus.RUNNING if is_taken else StepStatus.PENDING
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
                    status=status,
                    claim=int(is_taken),
                    owner=Subquery(owner) if is_taken else None,
                    due_at=database_in(conf.LEASE) if is_taken else _due(request),
                    planned=database_now(),
                    started=database_now() if is_taken or request.is_timer else None,
                    given=given(request),
                    group=request.group,
                    by=run.claim,
                )
                for request in requests
            ],
            batch_size=500,
        )

    def look(self, most: int) -> Backlog:
        """Count the planned steps that are due, up to `most`; look what else is to be done."""
        due = self.rows.filter(due_at__lte=database_now(), status__in=_CLAIMABLE)
        oldest = due.order_by("due_at", "id").values_list("status", flat=True).first()
        events = Event.objects.using(self.alias).filter(route_at__lte=database_now())
        overdue = Run.objects.using(self.alias).filter(deadline__lte=database_now())
        count = due.order_by()[:most].count()
        is_oldest_lost = oldest == StepStatus.RUNNING
        return Backlog(count, is_oldest_lost, events.exists(), overdue.exists())

    @retried
    def claim(self, owner: str, limit: int, run: UUID | None = None) -> list[StepClaim]:
        """Take over up to `limit` due planned steps, of one run or of any, for one lease."""
        return self._claim(StepStatus.PENDING, owner, limit, run)

    @retried
    def claim_lost(self, owner: str) -> list[StepClaim]:
        """Take over the oldest step whose lease has passed: alone, for it may kill this worker too."""
        return self._claim(StepStatus.RUNNING, owner, 1)

    def _claim(
        self, status: str, owner: str, limit: int, run: UUID | None = None
    ) -> list[StepClaim]:
        with transaction.atomic(self.alias):
            due = self.rows.filter(due_at__lte=database_now(), status=status)
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
                crashes=F("crashes") + Case(When(status=StepStatus.RUNNING, then=1), default=0),
                claim=F("claim") + 1,
                owner=owner,
                due_at=database_in(conf.LEASE),
                started=Case(
                    When(op__in=TIMERS, then=F("started")),
                    default=database_now(),
                    output_field=DateTimeField(),
                ),
                status=StepStatus.RUNNING,
            )
            return self._claims(rows)

    def seize(self, steps: Sequence[int]) -> list[StepClaim]:
        """Take over those of these sleeping steps that are still open, whenever they are due.

        In the caller's transaction, which is to end them. Nothing runs them, so nobody is robbed of
        work: who holds one is about to end it by itself, and finds that it comes too late.
        """
        rows = self.rows.filter(pk__in=steps, status__in=_CLAIMABLE, op__in=TIMERS)
        features = self.connection.features
        if features.has_select_for_update:
            rows = rows.select_for_update()
        ids = list(rows.order_by("id").values_list("pk", flat=True))
        if not ids:
            return []
        mine = self.rows.filter(pk__in=ids)
        mine.update(claim=F("claim") + 1, status=StepStatus.RUNNING)
        return self._claims(mine)

    def take(self, run: UUID, key: str) -> StepClaim | None:
        """Hold a planned step that nobody holds, due or not, in the transaction in which it is flushed.

        Returns:
            None if the step has ended, or somebody holds it.
        """
        assert self.connection.in_atomic_block
        pk = self.rows.filter(run=run, key=key).values_list("pk", flat=True).first()
        if pk is None:
            return None
        # By its number, as in a flush: on MariaDB another index is another lock, in another order.
        row = self.rows.filter(pk=pk)
        free = row.filter(status=StepStatus.PENDING)
        if not free.update(status=StepStatus.RUNNING, claim=F("claim") + 1):
            return None
        return self._claims(row)[0]

    def held(self, claims: Iterable[StepClaim]) -> set[int]:
        """Return the ids of those that are still held under these claims."""
        named = {claim.id: claim.claim for claim in claims}
        rows = self.rows.filter(pk__in=list(named), status=StepStatus.RUNNING)
        return {pk for pk, claim in rows.values_list("pk", "claim") if named[pk] == claim}

    @staticmethod
    def _claims(rows: QuerySet[Step]) -> list[StepClaim]:
        return [
            StepClaim(**{name.replace("run_id", "run"): getattr(row, name) for name in _CLAIMED})
            for row in rows.only(*_CLAIMED).order_by("id")
        ]

    @retried
    def flush(self, results: Sequence[Flushed]) -> Flush:
        """Record a batch of planned steps, each under its claim, and join their waves."""
        if not results:
            return Flush()
        ordered = sorted(results, key=lambda pair: pair[0].id)
        if self.is_flushed_at_once and all(result.is_plain for _, result in ordered):
            return self._write(ordered)
        with transaction.atomic(self.alias):
            flush = self._write(ordered)
            for claim, result in flush.written:
                if not result.is_plain:
                    self._add_extras(claim.run, result)
            return flush

    def _write(self, results: Sequence[Flushed]) -> Flush:
        """Write those results whose steps are still held under their claims, and join their waves."""
        written = [(claim, result) for claim, result in results if self._write_one(claim, result)]
        ended: Counter[UUID] = Counter()
        raced: Counter[UUID] = Counter()
        for claim, result in written:
            if result.is_final:
                ended[claim.run] += 1
                raced[claim.run] += claim.mode == ParallelMode.RACE
        woken = sum(self._join(run, ended[run], raced[run]) for run in sorted(ended))
        return Flush(written=written, woken=woken)

    def _write_one(self, claim: StepClaim, result: Result) -> bool:
        row = self.rows.filter(pk=claim.id, claim=claim.claim, status=StepStatus.RUNNING)
        fields = outcome_fields(result, result.age)
        if not result.is_final:
            fields |= {"status": StepStatus.PENDING, "crashes": 0}
        if claim.op in TIMERS:
            del fields["started"]
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
    def give_back(self, claims: Collection[StepClaim], delay: float = 0.0) -> None:
        """Let go of planned steps that this process cannot run."""
        ordered = sorted(claims, key=lambda claim: (claim.claim, claim.id))
        for number, same in groupby(ordered, key=lambda claim: claim.claim):
            held = self.rows.filter(pk__in=[c.id for c in same], claim=number)
            held.filter(status=StepStatus.RUNNING).update(
                status=StepStatus.PENDING, owner=None, due_at=database_in(delay)
            )
