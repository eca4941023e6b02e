"""Names of steps that failed of late, to be chosen from."""

from __future__ import annotations

from durable.models import Run, RunStatus, Step, StepStatus
from durable.store import get_store

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
