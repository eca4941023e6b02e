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


def late(alias: str) -> tuple[tuple[Stuck, ...], tuple[PutOff, ...]]:
    """Find what was to be taken over a lease ago and was not, and events that were put off.

    Of each the longest first, in one query. Nothing but being put off keeps an event for longer than
    who hands it out does.
    """
    over = {"due_at__lte": database_in(-conf.LEASE)}
    runs = Run.objects.using(alias).filter(status=RunStatus.RUNNING, **over).order_by("due_at")
    steps = Step.objects.using(alias).filter(status=StepStatus.RUNNING, **over).order_by("due_at")
    held = Event.objects.using(alias).filter(route_at__gt=database_in(HOLD + 1))
    looks = [
        _late("stuck", runs, "due_at", "pk", "function", "step", "owner"),
        _late("stuck", steps, "due_at", "run", "run__function", "name", "owner"),
        _late("put off", held.order_by("route_at"), "received", "pk", "name"),
    ]
    rows = sorted(together(alias, looks), key=lambda row: row[1])
    stuck = [
        Stuck(run=pk, function=name, step=step, owner=owner or "", late=_seconds(left))
        for kind, left, pk, name, step, owner in rows
        if kind == "stuck"
    ]
    put_off = [
        PutOff(event=pk, name=name, late=_seconds(left))
        for kind, left, pk, name, *_none in rows
        if kind == "put off"
    ]
    return tuple(stuck[:_STUCK]), tuple(put_off)


def _late(
    kind: str, rows: QuerySet[Any], since: str, pk: str, name: str, step: str = "", owner: str = ""
) -> QuerySet[Any, Any]:
    told = rows.annotate(kind=_text(kind), left=until(since), none=_text(""))
    fields = ("kind", "left", pk, name, step or "none", owner or "none")
    found: QuerySet[Any, Any] = told.values_list(*fields)
    return found[:_STUCK]


def _seconds(left: timedelta) -> float:
    return round(-left.total_seconds(), 3)
