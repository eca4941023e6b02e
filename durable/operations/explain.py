"""Looking at runs: how far they are, and why one is not moving. For people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import inf
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Substr

from durable import clock
from durable.conf import conf
from durable.models import Attempt, Run, RunStatus, Step, StepStatus, Wait, Worker
from durable.models.status import OPEN_STEP
from durable.operations.outlook import Outlook, name_of_error
from durable.operations.why import FRESH, why
from durable.playback.request import NOBODYS
from durable.store import get_store
from durable.store.together import together


def explain(alias: str, runs: Iterable[Run]) -> Mapping[UUID, Outlook]:
    """Look at runs together, in a query or a few."""
    found = {run.pk: Outlook() for run in runs}
    runs = list(runs)
    steps = Step.objects.using(alias).filter(run__in=list(found)).order_by()
    tried = {run.pk for run in runs if run.attempt and not run.is_final}
    for row in steps.values("run", "status", "op").annotate(
        count=Count("pk"), due=Min("due_at"), tried=Max("attempt")
    ):
        if row["status"] in OPEN_STEP and (row["tried"] or row["status"] == StepStatus.RETRYING):
            tried.add(row["run"])
        outlook = found[row["run"]]
        outlook.counts[row["status"]] = outlook.counts.get(row["status"], 0) + row["count"]
        if row["op"] in NOBODYS and row["status"] in OPEN_STEP:
            outlook.asleep[row["op"]] += row["count"]
        if row["status"] in (StepStatus.PENDING, StepStatus.RETRYING) and row["due"]:
            outlook.due = min(outlook.due or row["due"], row["due"])
    for attempt in _last_failures(alias, list(tried)):
        found[attempt.run_id].failed = attempt
    waiting = [run.pk for run in runs if found[run.pk].asleep["wait"]]
    failed = [run.pk for run in runs if run.status == RunStatus.FAILED]
    awaited, errors = _words_of(alias, waiting, failed)
    for pk, event in awaited.items():
        found[pk].event = event
    now = clock.now()
    silent = _silence(alias, now) if any(_is_stale(run, now) for run in runs) else None
    for run in runs:
        found[run.pk].silent = silent
        found[run.pk].why = why(run, found[run.pk], now)
    for pk, start in errors.items():
        found[pk].why = name_of_error(start)
    return found


def outlook_of(run: Run, steps: Iterable[Step], attempts: Iterable[Attempt]) -> Outlook:
    """Look at one run whose rows are at hand, steps with their waits, attempts in order."""
    outlook = Outlook()
    keys = set()
    for step in steps:
        outlook.counts[step.status] = outlook.counts.get(step.status, 0) + 1
        if step.status not in OPEN_STEP:
            continue
        keys.add(step.key)
        if step.op in NOBODYS:
            outlook.asleep[step.op] += 1
        if step.op == "wait" and not outlook.event:
            outlook.event = getattr(getattr(step, "wait", None), "event", "")
        if step.status in (StepStatus.PENDING, StepStatus.RETRYING) and step.due_at:
            outlook.due = min(outlook.due or step.due_at, step.due_at)
    for attempt in attempts:
        if attempt.key in keys or (not attempt.key and run.attempt):
            outlook.failed = attempt
    now = clock.now()
    outlook.silent = _silence(get_store().alias, now) if _is_stale(run, now) else None
    outlook.why = why(run, outlook, now)
    return outlook


def _is_stale(run: Run, now: datetime) -> bool:
    """Whether a run is due and nobody takes it."""
    due = run.due_at if run.status == RunStatus.QUEUED else None
    return due is not None and (now - due).total_seconds() >= FRESH


def _silence(alias: str, now: datetime) -> float | None:
    """Return the seconds since any worker was seen, inf if none is known; None if one is there."""
    seen = Worker.objects.using(alias).aggregate(last=Max("seen"))["last"]
    silent = inf if seen is None else (now - seen).total_seconds()
    return None if silent < 2 * conf.LEASE else silent


def _words_of(alias: str, waiting: list[UUID], failed: list[UUID]) -> list[dict[UUID, str]]:
    """Return the events that runs wait for, and the beginnings of what others failed with, in one query."""
    waits = Wait.objects.using(alias).filter(run__in=waiting, step__isnull=False).order_by()
    runs = Run.objects.using(alias).filter(pk__in=failed).order_by()
    looks: list[QuerySet[Any, Any]] = [
        waits.annotate(kind=Value(0), place=F("pk")).values_list("kind", "run", "place", "event"),
        runs.annotate(kind=Value(1), place=Value(0), start=Substr("error", 1, 500)).values_list(
            "kind", "pk", "place", "start"
        ),
    ]
    found: list[dict[UUID, str]] = [{}, {}]
    for kind, pk, _place, text in sorted(together(alias, looks), key=itemgetter(2), reverse=True):
        found[kind][pk] = text
    return found


def _last_failures(alias: str, runs: list[UUID]) -> Iterable[Attempt]:
    if not runs:
        return ()
    rows = Attempt.objects.using(alias)
    step = Step.objects.filter(run=OuterRef("run"), key=OuterRef("key"), status__in=OPEN_STEP)
    to_be_retried = Q(key="", run__attempt__gt=0) | Exists(step)
    mine = rows.filter(to_be_retried, run__in=runs).order_by()
    return rows.filter(pk__in=mine.values("run").annotate(last=Max("pk")).values("last"))
