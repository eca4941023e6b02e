"""How far a run is, read from its rows: the one place of this site that knows durable's models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from durable.models import Attempt, Run, RunStatus, Step, StepStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Steps planned together, or a single step."""

    label: str
    is_parallel: bool
    total: int
    done: int
    running: int
    failed: int
    retries: int

    @property
    def waiting(self) -> int:
        return self.total - self.done - self.running - self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One run at one moment."""

    run: Run
    groups: tuple[Group, ...] = ()
    owners: frozenset[int] = frozenset()  # processes that hold a step of the run

    @property
    def is_final(self) -> bool:
        return self.run.is_final

    @property
    def is_completed(self) -> bool:
        return self.run.status == RunStatus.COMPLETED

    @property
    def event_id(self) -> str:
        return str(self.run.event_id)

    @property
    def function(self) -> str:
        return self.run.function

    @property
    def result(self) -> Any:
        return self.run.result

    @property
    def share(self) -> float:
        """How much of the parallel steps planned so far is done, from 0 to 1."""
        parallel = [group for group in self.groups if group.is_parallel]
        total = sum(group.total for group in parallel)
        return sum(group.done for group in parallel) / total if total else 0.0


def look(event_id: str) -> View | None:
    """Return the run that an event started, or None while there is none."""
    run = Run.objects.filter(event_id=event_id).first()
    if run is None:
        return None
    steps = list(Step.objects.filter(run=run).order_by("wave", "id").defer("output", "error"))
    return View(run=run, groups=tuple(_groups(steps)), owners=frozenset(_owners(steps)))


def recorded(view: View) -> list[str]:
    """Return the names of all steps whose results are recorded, as often as they are."""
    done = Step.objects.filter(run=view.run, status=StepStatus.DONE)
    return list(done.values_list("name", flat=True))


def failed_tries(view: View) -> list[tuple[str, str]]:
    """Return step and message of every try that failed, and of the run if it failed."""
    tries = [(one.name, one.failure["message"]) for one in Attempt.objects.filter(run=view.run)]
    ending = view.run.failure
    return [*tries, (view.function, ending["message"])] if ending else tries


def _groups(steps: list[Step]) -> Iterable[Group]:
    for _, together in groupby(steps, key=_plan):
        yield _group(list(together))


def _plan(step: Step) -> tuple[Any, ...]:
    return ("wave", step.wave) if step.mode else ("step", step.id)


def _group(steps: list[Step]) -> Group:
    statuses = [step.status for step in steps]
    return Group(
        label=_label([step.name for step in steps]),
        is_parallel=bool(steps[0].mode),
        total=len(steps),
        done=statuses.count(StepStatus.DONE),
        running=statuses.count(StepStatus.RUNNING),
        failed=statuses.count(StepStatus.FAILED) + statuses.count(StepStatus.CANCELLED),
        retries=sum(step.attempt for step in steps),
    )


def _label(names: list[str]) -> str:
    stems = {name.rstrip("0123456789") for name in names}
    if len(names) == 1:
        return names[0]
    return f"{stems.pop()}*" if len(stems) == 1 else f"{names[0]} and {len(names) - 1} more"


def _owners(steps: list[Step]) -> Iterable[int]:
    for step in steps:
        if step.owner:
            yield int(step.owner.split(":")[-2])  # host:pid:start time
