"""The rows behind the page of one run, fetched together: few queries, however long the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Length, Substr

from durable.admin import payload
from durable.models import Attempt, Blob, Operation, Run, RunStatus, Step, StepStatus
from durable.operations.explain import outlook_of
from durable.operations.outlook import Outlook
from durable.store import get_store

MOST = 5000  # steps that are looked at; tries likewise
CHILDREN = 1000
HISTORY = 50
_LIGHT = (
    *("run", "key", "name", "index", "branch", "op", "wave", "mode", "status", "due_at"),
    *("attempt", "crashes", "large", "started", "ended", "wait__event", "wait__step"),
    *("planned", "group"),
)
_CALLS = {"invoke", "child"}  # kinds of steps that have a run of their own
_KEPT = "_durable_children"
_START = 500  # characters of an error that name it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """All of a run but payloads."""

    run: Run
    steps: Sequence[Step]
    attempts: Sequence[Any]  # with `start`, the beginning of the error
    children: Sequence[Any]  # with `stumbles`, their failed tries
    outlook: Outlook
    is_cut: bool


def with_kin(runs: QuerySet[Run]) -> QuerySet[Run]:
    """Have runs come with what their pages look for beside them: event, parent, whether there are children."""
    children = Run.objects.filter(parent=OuterRef("pk")).order_by()
    runs = runs.select_related("event", "parent").defer("parent__output", "parent__error")
    return runs.annotate(has_children=Exists(children))


def rows_of(run: Run) -> Rows:
    """Fetch what the page of a run shows of its steps."""
    alias = get_store().alias
    steps = Step.objects.using(alias).filter(run=run).select_related("wait").only(*_LIGHT)
    found = list(steps.order_by("pk")[: MOST + 1])
    tries = Attempt.objects.using(alias).filter(run=run).defer("error").order_by("-pk")
    children = children_of(alias, run) if any(step.op in _CALLS for step in found) else ()
    _see_through(found, children)
    attempts = list(tries.annotate(start=Substr("error", 1, _START))[:MOST])[::-1]
    return Rows(
        run=run,
        steps=found[:MOST],
        attempts=attempts,
        children=children,
        outlook=outlook_of(run, found, attempts),
        is_cut=len(found) > MOST,
    )


def children_of(alias: str, run: Run) -> Sequence[Any]:
    """Fetch what is shown of the runs that a run invoked, or that do steps of it, with their failed tries.

    Once for this object: the fingerprint of the page and all parts of the page show the same.
    """
    kept: list[Any] | None = run.__dict__.get(_KEPT)
    if kept is None and not getattr(run, "has_children", True):
        kept = []
    if kept is None:
        tries = Attempt.objects.using(alias).filter(run=OuterRef("pk")).order_by()
        counted = Subquery(tries.values("run").values(count=Count("pk")))
        children = Run.objects.using(alias).filter(parent=run).order_by("pk")
        fields = ("function", "step", "status", "parent_key", "started")
        kept = list(children.only(*fields).annotate(stumbles=Coalesce(counted, 0))[:CHILDREN])
        run.__dict__[_KEPT] = kept
    return kept


def _see_through(steps: Sequence[Step], children: Sequence[Run]) -> None:
    """Have steps show that the runs are at work which do them; only these objects are changed."""
    at_work = {one.parent_key: one for one in children if one.status == RunStatus.RUNNING}
    for step in steps:
        if step.op == "child" and step.status == StepStatus.PENDING and step.key in at_work:
            step.status, step.started = StepStatus.RUNNING, at_work[step.key].started


def with_values(run: Run, steps: Sequence[int]) -> dict[int, Any]:
    """Fetch what some steps returned: the size, the beginning of an error, and the value if it is short."""
    alias = get_store().alias
    blobs = Blob.objects.using(alias).filter(run=OuterRef("run"), key=OuterRef("key"))
    size = Coalesce(Length("output"), Subquery(blobs.values(size=Length("body"))[:1]))
    found: QuerySet[Step, Any] = Step.objects.using(alias).filter(pk__in=list(steps))
    rows = found.annotate(
        size=size,
        short=Case(When(size__lte=payload.INLINE, then=F("output")), default=Value(None)),
        start=Substr("error", 1, _START),
        length=Length("error"),
    ).values("pk", "size", "short", "start", "length", "given")
    return {row["pk"]: row for row in rows}


def history(run: Run) -> tuple[Sequence[Operation], bool]:
    """Return what people and programs did to a run, the newest first, and whether there was more."""
    book = Operation.objects.using(get_store().alias).filter(kind="run", target=str(run.pk))
    found = list(book.order_by("-pk")[: HISTORY + 1])
    return found[:HISTORY], len(found) > HISTORY
