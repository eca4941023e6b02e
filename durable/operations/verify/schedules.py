"""What is true of schedules."""

from __future__ import annotations

from django.db.models import F

from durable.authoring.cron import is_installed, read
from durable.models import Schedule
from durable.operations.verify.invariant import Invariant, Rows
from durable.operations.verify.repairs import FORGET_SCHEDULE


def _stands_still(schedules: Rows) -> Rows:
    return schedules.filter(fired__gte=F("due_at"))


def _illegible(schedules: Rows) -> Rows:
    """Those that never start a run; without cronsim nobody can tell."""
    lines = schedules.values_list("pk", "cron") if is_installed() else ()
    wrong = [pk for pk, line in lines if not _is_read(line)]
    return schedules.filter(pk__in=wrong) if wrong else schedules.none()


def _is_read(line: str) -> bool:
    try:
        read(line)
    except ValueError:
        return False
    return True


INVARIANTS = (
    Invariant(
        id="I19",
        says="a schedule that was fired has gone on to a later time",
        model=Schedule,
        broken=_stands_still,
    ),
    Invariant(
        id="I19",
        says="the line of a schedule can be read",
        model=Schedule,
        broken=_illegible,
        repair=FORGET_SCHEDULE,
    ),
)
