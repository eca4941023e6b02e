"""One look at a run after the other: what is new since the last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q

from durable.models import Run, Step
from durable.rest import representation
from durable.rest.stream_position import Position
from durable.rest.visibility import CLOSED
from durable.store import get_store


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a look has found."""

    position: Position
    run: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    is_over: bool


@dataclass(slots=True)
class Watch:
    """Who watches one run, and what it knows."""

    run: UUID
    position: Position
    _run: Mapping[str, Any] = field(default_factory=dict)
    _open: dict[int, str] = field(default_factory=dict)  # statuses of steps that have not ended

    def look(self) -> News | None:
        """Return what is new, and take it as told; None if nothing is, or if the run is gone."""
        alias = get_store().alias
        run = Run.objects.using(alias).defer("output").filter(pk=self.run).first()
        if run is None:
            return None
        rows = Step.objects.using(alias).defer("output").filter(run=self.run).order_by("pk")
        steps = list(rows.filter(Q(ended__gt=self.position.until) | Q(ended=None)))
        shown = representation.detail(run, CLOSED)
        new = [step for step in steps if self._is_new(step)]
        if not new and shown == self._run:
            return None
        ended = {step.pk: step.ended for step in steps if step.ended is not None}
        # Its steps were read after it: of a run that had ended by then, all that ended were seen.
        self.position = self.position.after(ended, is_over=run.is_final)
        self._run = shown
        self._open = {step.pk: step.status for step in steps if step.ended is None}
        told = representation.steps(run, new, CLOSED, with_outputs=False)
        return News(position=self.position, run=shown, steps=told, is_over=run.is_final)

    def _is_new(self, step: Step) -> bool:
        if step.ended is not None:
            return step.pk not in self.position.later
        return self._open.get(step.pk) != step.status
