"""Runs and steps as a test sees them: what they were when it looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from durable.authoring.event import Event
from durable.engine.call import events_of
from durable.models import Run, Step
from durable.models.status import FINAL_RUN, OPEN_STEP
from durable.operations.explain import explain
from durable.operations.outlook import tries
from durable.store import get_store


@dataclass(frozen=True, slots=True, kw_only=True)
class StepInfo:
    """A step.

    Args:
        id: the author's, with ":1" for the first repetition in its branch, and so on.
        name: the author's, whatever the repetition.
        branch: the path of its parallel branch, "" outside of groups.
        kind: "run", "sleep", "wait", "send", …; "stub" for a stub of a kind without a body.
        status: as in `durable.models.StepStatus`.
        tries: how often its body was begun.
        result: decoded.
        failure: code, name, message and stack of the error it failed with for good, else None.
    """

    id: str
    name: str
    branch: str
    kind: str
    status: str
    tries: int
    result: Any
    failure: Mapping[str, str] | None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status in OPEN_STEP

    def __str__(self) -> str:
        said = f"  {self.id:<24} {self.kind:<6} {self.status:<9} {_times(self.tries)}"
        return f"{said}  {_brief(self.failure)}" if self.failure else said


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """A run.

    Args:
        id: of the run.
        function: id of its function.
        event: what started it.
        status: as in `durable.models.RunStatus`.
        why: why it does not move, in words.
        result: what the function returned.
        failure: code, name, message and stack of the error it failed with, else None.
        steps: in the order in which they were planned or recorded.
    """

    id: str
    function: str
    event: Event | None
    status: str
    why: str
    result: Any
    failure: Mapping[str, str] | None
    steps: tuple[StepInfo, ...]

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL_RUN

    def __str__(self) -> str:
        head = f"run {self.id} of {self.function!r} is {self.status}"
        head += f": {_brief(self.failure)}" if self.failure else f" ({self.why})" * bool(self.why)
        return "\n".join([head, *map(str, self.steps)])


def run_info(run: RunInfo | Run | UUID | str) -> RunInfo:
    """Look at a run.

    Args:
        run: it, as it was before, or its id.
    """
    pk = run if isinstance(run, UUID | str) else run.id
    alias = get_store().alias
    row = Run.objects.using(alias).select_related("event").get(pk=pk)
    events = events_of(row.event)()
    return RunInfo(
        id=str(row.pk),
        function=row.function,
        event=events[0] if events else None,
        status=str(row.status),
        why=explain(alias, [row])[row.pk].why,
        result=row.result,
        failure=row.failure,
        steps=tuple(_step_info(step) for step in row.steps.using(alias).order_by("pk")),
    )


def _step_info(step: Step) -> StepInfo:
    return StepInfo(
        id=step.title,
        name=step.name,
        branch=step.branch,
        kind=step.op,
        status=str(step.status),
        tries=tries(step),
        result=step.result,
        failure=step.failure,
    )


def _brief(failure: Mapping[str, str]) -> str:
    return f"{failure['name']}: {failure['message']}"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
