"""What is due and what is stuck: the beginning of each index of due rows, and never more of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine.deliver import HOLD
from durable.models import Event, Run, RunStatus, Schedule, Step, StepStatus
from durable.operations.health.values import Backlog, Counted, PutOff, Queue, Stuck
from durable.playback.request import TIMERS
from durable.store.clock import database_in, database_now, until
from durable.store.together import together

COUNTED = 1000  # of each kind
_FUNCTIONS, _STUCK = 20, 20
_CLAIMABLE = (StepStatus.PENDING, StepStatus.RUNNING)

Row = tuple[timedelta, str]  # time that is left, function


def backlog(alias: str) -> Backlog:
    """Count what is due, up to `COUNTED` of each kind, in one query."""
    steps = Step.objects.using(alias).filter(status__in=_CLAIMABLE)
    runs = Run.objects.using(alias)
    schedules = Schedule.objects.using(alias)
    # A priority moves `due_at` to before the run was made, and to be resumed does so too.
    in_turn = runs.annotate(since=Greatest("due_at", "created"))
    rows = together(
        alias,
        [
            _due("runs", in_turn, "due_at", "function"),
            _due("steps", steps, "due_at", "run__function", "op"),
            _due("events", Event.objects.using(alias), "route_at"),
            _due("schedules", schedules, "due_at", "function"),
            _due("deadlines", runs, "deadline", "function"),
        ],
    )
    found: dict[str, list[Row]] = {kind: [] for kind in _titles()}
    for kind, left, function, op in rows:
        found["timers" if op in TIMERS else kind].append((left, function))
    functions = Counter(
        name for kind, mine in found.items() if kind != "schedules" for _left, name in mine if name
    )
    titles = _titles()
    return Backlog(
        queues=tuple(_queue(kind, titles[kind], mine) for kind, mine in found.items() if mine),
        functions=tuple(
            Counted(name, count, name in registry.functions)
            for name, count in functions.most_common(_FUNCTIONS)
        ),
    )


def _titles() -> dict[str, str]:
    return {
        "runs": _("runs to be driven"),
        "steps": _("planned steps"),
        "timers": _("sleeps and waits that are over"),
        "events": _("events to be handed out"),
        "schedules": _("schedules"),
        "deadlines": _("runs out of time"),
    }


def _due(
    kind: str, rows: QuerySet[Any], time: str, function: str = "", op: str = ""
) -> QuerySet[Any, Any]:
    due = rows.filter(**{f"{time}__lte": database_now()}).order_by(time)
    since = "since" if "since" in rows.query.annotations else time
    told = due.annotate(kind=_text(kind), left=until(since), none=_text(""))
    found: QuerySet[Any, Any] = told.values_list("kind", "left", function or "none", op or "none")
    return found[: COUNTED + 1]


def _text(value: str) -> Value:
    return Value(value, CharField())


def _queue(kind: str, title: str, rows: Sequence[Row]) -> Queue:
    return Queue(
        kind=kind,
        title=title,
        count=min(len(rows), COUNTED),
        is_more=len(rows) > COUNTED,
        oldest=_seconds(min(left for left, _function in rows)),
    )


def stuck(alias: str) -> tuple[Stuck, ...]:
    """Find what was to be taken over a lease ago, and was not: the longest first."""
    runs = Run.objects.using(alias).filter(status=RunStatus.RUNNING)
    steps = Step.objects.using(alias).filter(status=StepStatus.RUNNING)
    rows = together(
        alias,
        [
            _overdue(runs, "pk", "function", "step"),
            _overdue(steps, "run", "run__function", "name"),
        ],
    )
    found = [
        Stuck(run=run, function=function, step=step, owner=owner or "", late=_seconds(left))
        for left, owner, run, function, step in rows
    ]
    return tuple(sorted(found, key=lambda one: -one.late)[:_STUCK])


def _overdue(rows: QuerySet[Any], *fields: str) -> QuerySet[Any, Any]:
    late = rows.filter(due_at__lte=database_in(-conf.LEASE)).order_by("due_at")
    told = late.annotate(left=until("due_at"))
    found: QuerySet[Any, Any] = told.values_list("left", "owner", *fields)
    return found[:_STUCK]


def put_off(alias: str) -> tuple[PutOff, ...]:
    """Find events that were put off: nothing else keeps one for longer than who hands it out does."""
    rows = Event.objects.using(alias).filter(route_at__gt=database_in(HOLD + 1))
    told = rows.order_by("route_at").annotate(left=until("received"))
    found = [
        PutOff(event=pk, name=name, late=_seconds(left))
        for pk, name, left in told.values_list("pk", "name", "left")[:_STUCK]
    ]
    return tuple(sorted(found, key=lambda one: -one.late))


def _seconds(left: timedelta) -> float:
    return round(-left.total_seconds(), 3)
