"""Failed runs of late: names of the steps that failed, and how far back the list of one looks."""

from __future__ import annotations

from durable.models import Run, RunStatus, Step, StepStatus
from durable.store import get_store

NEWEST = 1000  # failed runs among which one step is looked for: each has to be looked at
_RUNS, _STEPS = 100, 200  # the newest failed runs, and their steps


def names_of_failed_steps() -> list[str]:
    """Return the names of steps that failed in the newest failed runs."""
    alias = get_store().alias
    runs = Run.objects.using(alias).filter(status=RunStatus.FAILED).order_by("-pk")
    failed = list(runs.values_list("pk", flat=True)[:_RUNS])
    if not failed:
        return []
    steps = Step.objects.using(alias).filter(run__in=failed, status=StepStatus.FAILED)
    return sorted(set(steps.order_by().values_list("name", flat=True)[:_STEPS]))


def oldest_failed() -> str:
    """Return the id of the oldest of the newest failed runs; nothing if there are not so many."""
    runs = Run.objects.using(get_store().alias).filter(status=RunStatus.FAILED).order_by("-pk")
    found = list(runs.values_list("pk", flat=True)[NEWEST - 1 : NEWEST])
    return str(found[0]) if found else ""
