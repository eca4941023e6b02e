"""What is done to runs from outside, whoever holds them at the time. The plain ORM: it is rare."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from durable.models import Run, RunStatus, Step, StepStatus, Wait
from durable.models.status import OPEN_STEP
from durable.store.clock import database_in, database_now
from durable.store.executor import retried
from durable.store.rows import Overdue, RunClaim
from durable.store.table import Table

NOT_NEEDED = "The run it belongs to has ended, or goes on without it."


class Outside(Table):
    """The rows of Run, as those see them who do not drive them."""

    @property
    def rows(self) -> QuerySet[Run]:
        """All runs."""
        return Run.objects.using(self.alias)

    @retried
    def explain(self, runs: Collection[UUID], reason: str) -> None:
        """Say on the runs why they are not moving."""
        self.rows.filter(pk__in=list(runs)).update(reason=reason[:500])

    def cancel(self, run: UUID, reason: str, *, is_overdue: bool = False) -> bool:
        """End a run with its open steps, in the caller's transaction; False if it has ended.

        Who drives it finds that its claim counts no more.

        Args:
            run: its id.
            reason: for people.
            is_overdue: only if its deadline has passed.
        """
        mine = self.rows.filter(pk=run, ended=None)
        if is_overdue:
            mine = mine.filter(deadline__lte=database_now())
        while mine.exists():
            if self._cancel(mine, run, reason):
                return True
        return False

    def _cancel(self, mine: QuerySet[Run], run: UUID, reason: str) -> bool:
        """Try it; False when the run ended, or its driver recorded open steps, in between."""
        with transaction.atomic(self.alias):
            self._close_steps(run)  # steps before their run, as in a flush
            ended = mine.update(
                status=RunStatus.CANCELLED,
                owner=None,
                due_at=None,
                deadline=None,
                pending=0,
                reason=reason[:500],
                ended=database_now(),
            )
            is_whole = bool(ended) and not self._open_steps(run).exists()
            if is_whole:
                Wait.objects.using(self.alias).filter(run=run).delete()
            else:
                transaction.set_rollback(True, using=self.alias)
        return is_whole

    def _open_steps(self, run: UUID) -> QuerySet[Step]:
        return Step.objects.using(self.alias).filter(run=run, status__in=OPEN_STEP)

    def _close_steps(self, run: UUID) -> None:
        steps = self._open_steps(run)
        if self.connection.features.has_select_for_update:
            # In the order in which a flush locks them: asked for more than numbers, MariaDB takes another.
            list(steps.select_for_update().order_by("id").values_list("pk", flat=True))
        has_branches = steps.filter(op="child").exists()
        Wait.objects.using(self.alias).filter(run=run, step__isnull=False).delete()
        steps.update(status=StepStatus.CANCELLED, due_at=None, owner=None, ended=database_now())
        if has_branches:
            self.cancel_branches(run)

    def cancel_branches(self, run: UUID, keys: Collection[str] | None = None) -> None:
        """End the runs of steps that were given up with their run, or of some of its steps.

        In the transaction that gives the steps up, which holds them: none of these runs can end by
        itself meanwhile.
        """
        mine = self.rows.filter(parent=run, ended=None).exclude(step="")
        if keys is not None:
            mine = mine.filter(parent_key__in=list(keys))
        branches = list(mine.order_by("id").values_list("pk", flat=True))
        steps = Step.objects.using(self.alias).filter(run__in=branches, status__in=OPEN_STEP)
        cancelled = {"status": StepStatus.CANCELLED, "due_at": None, "owner": None}
        steps.update(**cancelled, ended=database_now())
        self.rows.filter(pk__in=branches, ended=None).update(
            status=RunStatus.CANCELLED,
            owner=None,
            due_at=None,
            deadline=None,
            reason=NOT_NEEDED,
            ended=database_now(),
        )
        # Of a try that was being recorded the row was not yet to be seen; now none can come any more.
        steps.update(**cancelled, ended=database_now())

    @retried
    def limit(self, run: RunClaim, seconds: float) -> None:
        """Have the run end within `seconds`, if that was not said before."""
        later: Any = database_in(seconds)
        self.rows.filter(pk=run.id, claim=run.claim, ended=None, deadline=None).update(
            deadline=later
        )

    @retried
    def overdue(self, limit: int) -> list[Overdue]:
        """Return runs whose deadline has passed, the oldest first."""
        late = self.rows.filter(deadline__lte=database_now()).order_by("deadline")
        fields = ("id", "function", "started", "deadline")
        return [Overdue(**row) for row in late.values(*fields)[:limit]]

    def release_keys(self, keys: Collection[str], seconds: float) -> None:
        """Forget which runs had these dedupe keys, if that was so many seconds ago."""
        known = self.rows.filter(dedupe_key__in=list(keys))
        old = known.filter(created__lte=database_in(-seconds)).values_list("pk", flat=True)
        # Found without a lock: two senders must not each hold what the other is to wait for.
        if stale := list(old):
            known.filter(pk__in=stale).update(dedupe_key=None)

    def requeue(self, run: UUID, statuses: tuple[str, ...]) -> bool:
        """Make an ended run due, under a claim nobody has; False if it is in none of the statuses."""
        ended = self.rows.filter(pk=run, status__in=statuses)
        return (
            ended.update(
                status=RunStatus.QUEUED,
                claim=F("claim") + 1,
                due_at=database_now(),
                ended=None,
                output=None,
                error=None,
                large=False,
                attempt=0,
                crashes=0,
                wake=0,
                pending=0,
                reason="",
            )
            == 1
        )
