"""How runs stand, as answers say it: payloads only to those who may read them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from rest_framework.renderers import JSONRenderer

from durable import codec
from durable.engine.lookup import pauses
from durable.models import Blob, Run, RunStatus, Step
from durable.rest.shapes.run import OutputShape, RunDetailShape, RunShape
from durable.rest.shapes.step import StepShape
from durable.rest.visibility import Visibility

_HEAVY = ("output", "error", "owner", "dedupe_key")


def light(rows: QuerySet[Run]) -> QuerySet[Run]:
    """Leave payloads in the database."""
    return rows.defer(*_HEAVY)


def brief(run: Run) -> Mapping[str, Any]:
    """Describe a run without its payloads."""
    return dict(RunShape(run).data)


def detail(run: Run, visibility: Visibility) -> Mapping[str, Any]:
    """Describe a run, and how far it is.

    Args:
        run: its row.
        visibility: of who asks.
    """
    rows = Step.objects.using(run._state.db).filter(run=run).order_by().values("status")
    counts = {row["status"]: row["count"] for row in rows.annotate(count=Count("pk"))}
    shown = _Shown(run, steps=counts, error=failure(run, run, visibility))
    return dict(RunDetailShape(shown).data)


def result(run: Run, visibility: Visibility) -> Mapping[str, Any]:
    """Describe what a run returned, or what it failed with; for those who may read payloads."""
    output = None
    if run.status == RunStatus.COMPLETED:
        output = visibility.payload(run.function, run.result)
    shown = _Shown(run, output=output, error=failure(run, run, visibility))
    return dict(OutputShape(shown).data)


def steps(
    run: Run, rows: Sequence[Step], visibility: Visibility, *, with_outputs: bool
) -> list[Any]:
    """Describe steps of one run."""
    large = _large(rows) if with_outputs else {}
    found = []
    for step in rows:
        value = _output(step, large) if with_outputs else None
        given = codec.decode(step.given) if with_outputs and step.given else None
        said = {
            "output": visibility.payload(run.function, value),
            "given": visibility.payload(run.function, given),
        }
        shown = _Shown(step, error=failure(run, step, visibility), **said)
        found.append(_without_nothing(StepShape(shown).data, with_outputs=with_outputs))
    return found


def failure(run: Run, row: Run | Step, visibility: Visibility) -> Mapping[str, Any] | None:
    """Describe the error of a run, or of a step of it: what it says may hold payloads."""
    error = row.failure
    if error is None:
        return None
    is_heard = visibility.hears(run.function)
    said = {name: error.get(name) if is_heard else None for name in ("message", "stack")}
    return {"code": error.get("code", "unknown"), "name": error.get("name", ""), **said}


def awaited(run: Run, seconds: float) -> Run:
    """Wait until a run has ended, or the time is over."""
    try:
        for pause in pauses(run.pk, seconds):
            if run.is_final:
                break
            time.sleep(pause)
            run.refresh_from_db()
    except TimeoutError:
        pass
    return run


class _Shown:
    """A row, some of whose columns are said in other words."""

    def __init__(self, row: Any, **said: Any) -> None:
        self._row = row
        self.__dict__.update(said)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _large(rows: Sequence[Step]) -> Mapping[str, str]:
    keys = [step.key for step in rows if step.large]
    if not keys:
        return {}
    blobs = Blob.objects.using(rows[0]._state.db).filter(run=rows[0].run_id, key__in=keys)
    return dict(blobs.values_list("key", "body"))


def _output(step: Step, large: Mapping[str, str]) -> Any:
    text = large.get(step.key) if step.large else step.output
    return None if text is None else codec.decode(text)


def _without_nothing(data: Mapping[str, Any], *, with_outputs: bool) -> Mapping[str, Any]:
    return {k: value for k, value in data.items() if with_outputs or k not in ("given", "output")}


def tag(data: Mapping[str, Any]) -> str:
    """Return the ETag of a description."""
    return f'"{sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def as_id(text: str) -> UUID | None:
    """Return the id that a part of an address spells, None if it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None
