"""What is true of every run."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from durable.models import Blob, Run, RunStatus, Step, StepStatus
from durable.models.status import FINAL_RUN, OPEN_STEP
from durable.operations.verify.invariant import ROUNDING, Invariant, Rows
from durable.operations.verify.paused import is_paused
from durable.operations.verify.repairs import RECOUNT, WAKE_RUN

_PLANNED = (StepStatus.PENDING, StepStatus.RUNNING)


def _steps(*statuses: str) -> QuerySet[Step]:
    return Step.objects.filter(run=OuterRef("pk"), status__in=statuses).order_by()


def _twice(runs: Rows) -> Rows:
    same = {name: OuterRef(name) for name in ("event", "function", "replay")}
    return runs.filter(Exists(Run.objects.filter(**same, pk__lt=OuterRef("pk"))))


def _stuck(runs: Rows) -> Rows:
    missed = ~Exists(_steps(*_PLANNED)) | Q(wake__gt=0)
    parked = Q(status=RunStatus.WAITING) & missed
    queued = Q(status=RunStatus.QUEUED) & ~is_paused("function")
    return runs.filter(parked | queued | Q(status=RunStatus.RUNNING), due_at=None)


def _ended_in_part(runs: Rows) -> Rows:
    rest = Q(due_at=None, deadline=None, owner=None, pending=0, ended__isnull=False)
    ended = runs.filter(status__in=FINAL_RUN)
    return ended.filter(~rest | Exists(_steps(*OPEN_STEP)))


def _revived_in_part(runs: Rows) -> Rows:
    return runs.exclude(status__in=FINAL_RUN).filter(
        Q(ended__isnull=False) | Q(output__isnull=False) | Q(error__isnull=False) | Q(large=True)
    )


def _without_result(runs: Rows) -> Rows:
    there = Exists(Blob.objects.filter(run=OuterRef("pk"), key=""))
    lost = Q(large=False, output=None) | Q(large=True) & ~there
    failed = Q(status=RunStatus.FAILED, error=None)
    return runs.filter(Q(status=RunStatus.COMPLETED) & lost | failed, erased=None)


def _ownership(runs: Rows) -> Rows:
    return runs.filter(
        Q(status=RunStatus.RUNNING, owner=None)
        | ~Q(status=RunStatus.RUNNING) & Q(owner__isnull=False)
    )


def _miscounted(runs: Rows) -> Rows:
    counts = _steps(*_PLANNED).values("run").annotate(count=Count("pk")).values("count")
    counted: Any = Coalesce(Subquery(counts), 0)
    under_way: Rows = runs.filter(ended=None).annotate(counted=counted)
    return under_way.exclude(pending=F("counted"))


def _started_too_late(runs: Rows) -> Rows:
    return runs.filter(created__gt=F("parent__ended") + ROUNDING)


def _astray(runs: Rows) -> Rows:
    """Those that a tenant, or who looks for a subject, would see in another's stead."""
    like_event = Q(tenant=F("event__tenant"), subject=F("event__subject"))
    like_parent = Q(tenant=F("parent__tenant"), subject=F("parent__subject"))
    return runs.filter(
        Q(event__isnull=False) & ~like_event | Q(event=None, parent__isnull=False) & ~like_parent
    )


INVARIANTS = (
    Invariant(
        id="I2",
        says="an event starts a function once",
        model=Run,
        broken=_twice,
    ),
    Invariant(
        id="I3",
        says="a run that has not ended is due, is held until a time, or waits for an open step",
        model=Run,
        broken=_stuck,
        repair=WAKE_RUN,
    ),
    Invariant(
        id="I4",
        says="a run that has ended holds nothing: no time, no owner, no open step",
        model=Run,
        broken=_ended_in_part,
    ),
    Invariant(
        id="I4",
        says="a run that has not ended has no result, no error and no end",
        model=Run,
        broken=_revived_in_part,
    ),
    Invariant(
        id="I6",
        says="a run that completed has a result, and one that failed an error",
        model=Run,
        broken=_without_result,
    ),
    Invariant(
        id="I10",
        says="a run has an owner while it is running, and only then",
        model=Run,
        broken=_ownership,
    ),
    Invariant(
        id="I15",
        says="a run counts as pending the planned steps that are open",
        model=Run,
        broken=_miscounted,
        repair=RECOUNT,
    ),
    Invariant(
        id="I25",
        says="no run is invoked by one that has ended",
        model=Run,
        broken=_started_too_late,
    ),
    Invariant(
        id="I34",
        says="a run has the tenant and the subject of its event, or of the run whose step it does",
        model=Run,
        broken=_astray,
    ),
)
