"""What is true of waits, of the events they wait for, and of large values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from durable.engine.cron import EVENT as TICK
from durable.models import Blob, Delivery, Event, Run, Step, StepStatus, Wait, WaitPath
from durable.models.status import OPEN_STEP
from durable.operations.verify.invariant import Invariant, Rows
from durable.operations.verify.missed import missed_by
from durable.operations.verify.repairs import FORGET_WAIT, HAND_OUT, HEAR_ON
from durable.store.clock import database_in

_APART = timedelta(seconds=10)  # the two times are written by two statements
_GIVEN_BACK = 120.0  # seconds: a step that could not be ended comes due again much sooner


def _left_over(waits: Rows) -> Rows:
    return waits.filter(
        Q(run__ended__isnull=False) | ~Q(step__status__in=OPEN_STEP) & ~Q(step=None)
    )


def _over_too_soon(waits: Rows) -> Rows:
    """Those that no event ends any more, though their steps go on waiting; who looks back has not begun."""
    resting = waits.filter(step__status=StepStatus.PENDING, lookback=None, run__ended=None)
    later = resting.filter(step__due_at__gt=database_in(_GIVEN_BACK))
    return later.filter(expires__lt=F("step__due_at") - _APART)


def _unlisted(waits: Rows) -> Rows:
    listed = WaitPath.objects.filter(event=OuterRef("event"), path=OuterRef("path"))
    return waits.exclude(Exists(listed))


def _missed(waits: Rows) -> Rows:
    """Those for which an event came in, was handed out, and is still waited for."""
    by_name: Mapping[str, list[Wait]] = defaultdict(list)
    for wait in waits.filter(step__status="pending", lookback=None, run__ended=None):
        by_name[wait.event].append(wait)
    found = [pk for name, some in by_name.items() for pk in missed_by(waits.db, name, some)]
    return waits.filter(pk__in=found)


def _given_twice(deliveries: Rows) -> Rows:
    """Those that ended no step: more were given to the steps of a name than events have ended."""
    same = Delivery.objects.filter(run=OuterRef("run"), step=OuterRef("step")).order_by()
    waits = Step.objects.filter(run=OuterRef("run"), name=OuterRef("step"), op="wait").order_by()
    ended = waits.filter(status="done").exclude(large=False, output="null")
    counted: Rows = deliveries.annotate(given=_number(same), taken=_number(ended))
    there = Run.objects.filter(pk=OuterRef("run"), erased=None)
    return counted.filter(Exists(there), given__gt=F("taken"))


def _number(rows: Rows) -> Any:
    """Count the rows of a subquery, in which all have the same run."""
    return Coalesce(Subquery(rows.values("run").annotate(n=Count("pk")).values("n")), 0)


def _forgotten_bodies(blobs: Rows) -> Rows:
    of_step = Step.objects.filter(run=OuterRef("run"), key=OuterRef("key"), large=True)
    of_run = Run.objects.filter(pk=OuterRef("run"), large=True)
    return blobs.exclude(Q(key="") & Exists(of_run) | ~Q(key="") & Exists(of_step))


def _keyless(events: Rows) -> Rows:
    return events.filter(dedupe_key=None).exclude(custom_id="").exclude(name=TICK)


def _keyless_tick(events: Rows) -> Rows:
    return events.filter(dedupe_key=None, name=TICK).exclude(custom_id="")


INVARIANTS = (
    Invariant(
        id="I1",
        says="an event with an id of its sender has the key by which it counts once",
        model=Event,
        broken=_keyless,
    ),
    Invariant(
        id="I19",
        says="the event of a schedule has the key by which its time starts one run",
        model=Event,
        broken=_keyless_tick,
    ),
    Invariant(
        id="I21",
        says="a wait hears of events for as long as its step waits",
        model=Wait,
        broken=_over_too_soon,
        repair=HEAR_ON,
    ),
    Invariant(
        id="I21",
        says="events of the name that is waited for are looked at",
        model=Wait,
        broken=_unlisted,
    ),
    Invariant(
        id="I21",
        says="no event that came in and was handed out is still waited for",
        model=Wait,
        broken=_missed,
        repair=HAND_OUT,
    ),
    Invariant(
        id="I23",
        says="an event that was given to a run has ended one step of it",
        model=Delivery,
        broken=_given_twice,
    ),
    Invariant(
        id="I31",
        says="a wait is kept only while its step and its run are open",
        model=Wait,
        broken=_left_over,
        repair=FORGET_WAIT,
    ),
    Invariant(
        id="I31",
        says="a large value belongs to a step or a run that says so",
        model=Blob,
        broken=_forgotten_bodies,
    ),
)
