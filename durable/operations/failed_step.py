"""Failed runs of late: names of the steps that failed, and how far back one looks for a step."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet, Value

from durable.models import Run, RunStatus, Step, StepStatus
from durable.models.lists import having
from durable.store.together import together

NEWEST = 500  # failed runs among which one step is looked for: each of them has to be looked at
_RUNS, _STEPS = 100, 200  # the newest failed runs, and their steps, whose names are offered


def failed_steps(alias: str, name: str = "") -> tuple[list[str], list[UUID]]:
    """Return names of steps that failed in the newest failed runs, and the runs in which one of `name` did."""
    runs = _newest(alias, NEWEST if name else _RUNS)
    some = _failed_steps(alias, runs[:_RUNS]).annotate(kind=Value("name"))
    mine = _failed_steps(alias, runs if name else []).filter(name=name).annotate(kind=Value("run"))
    columns = ("kind", "name", "run")
    rows = together(alias, [some.values_list(*columns)[:_STEPS], mine.values_list(*columns)])
    names = {step for kind, step, _run in rows if kind == "name"}
    return sorted(names), [run for kind, _step, run in rows if kind == "run"]


def runs_by_failed_step(alias: str, name: str) -> list[UUID]:
    """Return the ids of those of the newest failed runs in which a step of this name failed."""
    steps = _failed_steps(alias, _newest(alias, NEWEST)).filter(name=name)
    return list(steps.values_list("run", flat=True))


def _newest(alias: str, most: int) -> list[UUID]:
    runs = Run.objects.using(alias).filter(having(alias, status=RunStatus.FAILED))
    return list(runs.order_by("-pk").values_list("pk", flat=True)[:most])


def _failed_steps(alias: str, runs: list[UUID]) -> QuerySet[Step]:
    # By their ids: a join would have the database think of other ways through very many steps.
    steps = Step.objects.using(alias).filter(run__in=runs)
    return steps.filter(status=StepStatus.FAILED).order_by()
