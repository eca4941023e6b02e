"""What the site says about functions, and the rows that a paused function holds back. The plain ORM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, DateTimeField, Exists, F, OuterRef, Q, QuerySet, When

from durable.models import FunctionConfig, Run, RunStatus, Step, StepStatus
from durable.playback.request import NOBODYS
from durable.store.clock import database_in, database_now
from durable.store.distinct import distinct
from durable.store.executor import retried
from durable.store.rows import RunClaim, StepClaim
from durable.store.table import Table

PAUSED = "The function is paused."

_MOST = 10_000  # functions


class Functions(Table):
    """The rows of FunctionConfig on one database.

    Who holds work back locks the function's row, as who resumes it does: nothing can be held back
    after it was resumed.
    """

    @property
    def rows(self) -> QuerySet[FunctionConfig]:
        """All that is said."""
        return FunctionConfig.objects.using(self.alias)

    @retried
    def all(self) -> dict[str, FunctionConfig]:
        """Return what is said, by function, in one query."""
        return {row.function: row for row in self.rows}

    def with_runs(self) -> list[str]:
        """Return the ids of functions that have runs, whether anybody knows them or not."""
        return distinct(self.alias, Run, "function", _MOST)

    def lock(self, function: str) -> FunctionConfig | None:
        """Return a function's row, held against others until the caller's transaction ends."""
        rows = self.rows.filter(pk=function)
        if self.connection.features.has_select_for_update:
            rows = rows.select_for_update()
        return rows.first()

    def _is_paused(self, function: str) -> bool:
        row = self.lock(function)
        return row is not None and row.paused is not None

    @retried
    def hold_run(self, run: RunClaim, start_within: float | None = None) -> bool:
        """Rest a claimed run until its function is resumed; False if it has been.

        Args:
            run: the claim under which it is held.
            start_within: seconds after which it is cancelled, if it has not been driven yet.
        """
        rows = Run.objects.using(self.alias).filter(
            pk=run.id, claim=run.claim, status=RunStatus.RUNNING
        )
        later: Any = None if start_within is None else database_in(start_within)
        is_new = Q(attempt=0, crashes=0) & ~Exists(Step.objects.filter(run=OuterRef("pk")))
        with transaction.atomic(self.alias):
            if not self._is_paused(run.function):
                return False
            # Before `started`: MariaDB goes from left to right.
            rows.update(
                deadline=Case(
                    When(is_new, then=later),
                    default=F("deadline"),
                    output_field=DateTimeField(),
                ),
                started=Case(
                    When(is_new, then=None), default=F("started"), output_field=DateTimeField()
                ),
                status=RunStatus.QUEUED,
                owner=None,
                due_at=None,
                reason=PAUSED,
            )
        return True

    @retried
    def hold_steps(self, function: str, run: UUID, claims: Sequence[StepClaim]) -> bool:
        """Rest claimed steps of a run until the function is resumed; False if it has been."""
        with transaction.atomic(self.alias):
            if not self._is_paused(function):
                return False
            for claim in sorted(claims, key=lambda claim: claim.id):
                Step.objects.using(self.alias).filter(
                    pk=claim.id, claim=claim.claim, status=StepStatus.RUNNING
                ).update(status=StepStatus.PENDING, owner=None, due_at=None)
            runs = Run.objects.using(self.alias).filter(pk=run, status=RunStatus.WAITING)
            runs.update(reason=PAUSED)
        return True

    def let_go(self, function: str) -> int:
        """Make due what was held back, runs in the order of their creation; return how many rows.

        In the transaction that resumes the function.
        """
        mine = Run.objects.using(self.alias).filter(function=function, ended=None)
        now: Any = database_now()
        steps = Step.objects.using(self.alias).filter(
            run__in=mine.values("pk"), status=StepStatus.PENDING, due_at=None
        )
        ids = list(steps.exclude(op__in=NOBODYS).order_by("pk").values_list("pk", flat=True))
        for first in range(0, len(ids), 500):
            Step.objects.using(self.alias).filter(
                pk__in=ids[first : first + 500], status=StepStatus.PENDING, due_at=None
            ).update(due_at=now)
        queued = mine.filter(status=RunStatus.QUEUED, due_at=None)
        count = queued.update(due_at=F("created"), reason="")
        mine.filter(status=RunStatus.WAITING, reason=PAUSED).update(reason="")
        return count + len(ids)
