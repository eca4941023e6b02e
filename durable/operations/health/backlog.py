"""What is due and what is stuck: the beginning of each index of due rows, and never more of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from durable.authoring.registry import registry
from durable.conf import conf
from durable.models import Event, Run, RunStatus, Schedule, Step, StepStatus
from durable.operations.health.values import Backlog, Counted, Queue, Stuck
from durable.playback.request import TIMERS
from durable.store.clock import database_in, database_now, until

COUNTED = 1000  # of each kind
_FUNCTIONS, _STUCK = 20, 20
_CLAIMABLE = (StepStatus.PENDING, StepStatus.RUNNING)

Row = tuple[timedelta, str | None, str]  # time that is left, function, op


def backlog(alias: str) -> Backlog:
    """Count what is due, up to `COUNTED` of each kind."""
    steps = Step.objects.using(alias).filter(status__in=_CLAIMABLE)
    runs = Run.objects.using(alias)
    schedules = Schedule.objects.using(alias)
    # A priority moves `due_at` to before the run was made, and to be resumed does so too.
    in_turn = runs.annotate(since=Greatest("due_at", "created"))
    found: list[tuple[str, str, Sequence[Row]]] = [
        ("runs", _("runs to be driven"), _due(in_turn, "due_at", "function")),
        *_steps(_due(steps, "due_at", "run__function", "op")),
        ("events", _("events to be handed out"), _due(Event.objects.using(alias), "route_at")),
        ("schedules", _("schedules"), _due(schedules, "due_at", "function")),
        ("deadlines", _("runs out of time"), _due(runs, "deadline", "function")),
    ]
    queues = [_queue(kind, title, rows) for kind, title, rows in found if rows]
    functions = Counter(
        row[1] for kind, _title, rows in found if kind != "schedules" for row in rows if row[1]
    )
    return Backlog(
        queues=tuple(queues),
        functions=tuple(
            Counted(name, count, name in registry.functions)
            for name, count in functions.most_common(_FUNCTIONS)
        ),
    )


def _due(rows: QuerySet[Any], time: str, *fields: str) -> list[Row]:
    due = rows.filter(**{f"{time}__lte": database_now()}).order_by(time)
    since = "since" if "since" in rows.query.annotations else time
    found = due.annotate(left=until(since)).values("left", *fields)[: COUNTED + 1]
    function, op = (*fields, "", "")[:2]
    return [(row["left"], row.get(function), row.get(op, "")) for row in found]


def _steps(rows: Sequence[Row]) -> Iterator[tuple[str, str, Sequence[Row]]]:
    yield "steps", _("planned steps"), [row for row in rows if row[2] not in TIMERS]
    yield "timers", _("sleeps and waits that are over"), [row for row in rows if row[2] in TIMERS]


def _queue(kind: str, title: str, rows: Sequence[Row]) -> Queue:
    return Queue(
        kind=kind,
        title=title,
        count=min(len(rows), COUNTED),
        is_more=len(rows) > COUNTED,
        oldest=_seconds(min(left for left, *_ in rows)),
    )


def stuck(alias: str) -> tuple[Stuck, ...]:
    """Find what was to be taken over a lease ago, and was not: the longest first."""
    runs = Run.objects.using(alias).filter(status=RunStatus.RUNNING)
    steps = Step.objects.using(alias).filter(status=StepStatus.RUNNING)
    found = [
        *_overdue(runs, "pk", "function", "step"),
        *_overdue(steps, "run", "run__function", "name"),
    ]
    return tuple(sorted(found, key=lambda one: -one.late)[:_STUCK])


def _overdue(rows: QuerySet[Any], *fields: str) -> Iterator[Stuck]:
    late = rows.filter(due_at__lte=database_in(-conf.LEASE)).order_by("due_at")
    found = late.annotate(left=until("due_at")).values_list("left", "owner", *fields)[:_STUCK]
    for left, owner, run, function, step in found:
        yield Stuck(run=run, function=function, step=step, owner=owner or "", late=_seconds(left))


def _seconds(left: timedelta) -> float:
    return round(-left.total_seconds(), 3)
