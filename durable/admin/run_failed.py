"""Failed runs of late: names of the steps that failed, and how far back the list of one looks."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from durable.models import Run, RunStatus, Step, StepStatus
from durable.store import get_store

NEWEST = 500  # failed runs among which one step is looked for: each of them has to be looked at
_RUNS, _STEPS = 100, 200  # the newest failed runs, and their steps, whose names are offered


def names_of_failed_steps() -> list[str]:
    """Return the names of steps that failed in the newest failed runs."""
    steps = _failed_steps(_newest(_RUNS))
    return sorted(set(steps.values_list("name", flat=True)[:_STEPS]))


def runs_by_failed_step(name: str) -> list[UUID]:
    """Return the ids of those of the newest failed runs in which a step of this name failed."""
    steps = _failed_steps(_newest(NEWEST)).filter(name=name)
    return list(steps.values_list("run", flat=True))


def _newest(most: int) -> list[UUID]:
    runs = Run.objects.using(get_store().alias).filter(status=RunStatus.FAILED).order_by("-pk")
    return list(runs.values_list("pk", flat=True)[:most])


def _failed_steps(runs: list[UUID]) -> QuerySet[Step]:
    # By their ids: a join would have the database think of other ways through very many steps.
    steps = Step.objects.using(get_store().alias).filter(run__in=runs)
    return steps.filter(status=StepStatus.FAILED).order_by()
