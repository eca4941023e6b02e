"""What may be done about a broken row without asking: wake, count, forget, hand out again.

Each returns what it changed, as it was and as it became; None if somebody else has changed it first.
"""

from __future__ import annotations

from typing import Any

from durable.models import Event, Run, RunStatus, Schedule, Step, StepStatus, Wait
from durable.operations.verify.invariant import Repair
from durable.operations.verify.missed import missed_by
from durable.store import Store
from durable.store.clock import database_now

Change = tuple[dict[str, Any], dict[str, Any]]

_PLANNED = (StepStatus.PENDING, StepStatus.RUNNING)


def _wake_run(store: Store, run: Run) -> Change | None:
    """Make it due; one that is held comes due under its claim, as if its lease had passed."""
    status = run.status if run.status == RunStatus.RUNNING else RunStatus.QUEUED
    same = store.runs.rows.filter(pk=run.pk, claim=run.claim, status=run.status, due_at=None)
    if not same.update(status=status, due_at=database_now()):
        return None
    return {"status": run.status, "due": None}, {"status": str(status), "due": "now"}


def _recount(store: Store, run: Run) -> Change | None:
    """Count the open steps again; without any, a parked run comes due."""
    steps = Step.objects.using(store.alias).filter(run=run.pk, status__in=_PLANNED)
    if store.connection.features.has_select_for_update:
        steps = steps.select_for_update()
    count = len(steps.order_by("id").values_list("pk", flat=True))
    same = store.runs.rows.filter(pk=run.pk, claim=run.claim, wave=run.wave, pending=run.pending)
    if not same.filter(ended=None).update(pending=count):
        return None
    if not count:
        parked = store.runs.rows.filter(pk=run.pk, status=RunStatus.WAITING)
        parked.update(status=RunStatus.QUEUED, due_at=database_now())
    return {"pending": run.pending}, {"pending": count}


def _wake_step(store: Store, step: Step) -> Change | None:
    """Make it due, if it has a body: what waits or sleeps would end too early."""
    if step.op != "run":
        return None
    same = Step.objects.using(store.alias).filter(pk=step.pk, claim=step.claim, due_at=None)
    if not same.filter(status__in=_PLANNED).update(due_at=database_now()):
        return None
    return {"due": None}, {"due": "now"}


def _forget_wait(store: Store, wait: Wait) -> Change | None:
    if not Wait.objects.using(store.alias).filter(pk=wait.pk).delete()[0]:
        return None
    return {"waits for": wait.event}, {}


def _hear_on(store: Store, wait: Wait) -> Change | None:
    """Hear of events until the time at which the step ends by itself."""
    steps = Step.objects.using(store.alias).filter(wait=wait, status=StepStatus.PENDING)
    due = steps.values_list("due_at", flat=True).first()
    same = Wait.objects.using(store.alias).filter(pk=wait.pk, expires=wait.expires)
    if due is None or not same.update(expires=due):
        return None
    return {"hears until": str(wait.expires)}, {"hears until": str(due)}


def _forget_schedule(store: Store, schedule: Schedule) -> Change | None:
    """Remove it; a worker writes down the lines of the functions that it has."""
    same = Schedule.objects.using(store.alias).filter(pk=schedule.pk, cron=schedule.cron)
    if not same.delete()[0]:
        return None
    return {"cron": schedule.cron}, {}


def _hand_out(store: Store, wait: Wait) -> Change | None:
    """Have the event handed out again, to nobody who began to wait after this one did."""
    event = missed_by(store.alias, wait.event, [wait]).get(wait.pk)
    if event is None:
        return None
    same = Event.objects.using(store.alias).filter(pk=event.pk, route_at=None)
    if not same.update(route_at=database_now(), last_wait=wait.pk):
        return None
    return {"event": str(event.pk)}, {"handed out": "again"}


WAKE_RUN = Repair(word="wake", mend=_wake_run)
WAKE_STEP = Repair(word="wake step", mend=_wake_step)
RECOUNT = Repair(word="recount", mend=_recount)
FORGET_WAIT = Repair(word="forget wait", mend=_forget_wait)
FORGET_SCHEDULE = Repair(word="forget schedule", mend=_forget_schedule)
HEAR_ON = Repair(word="hear on", mend=_hear_on)
HAND_OUT = Repair(word="hand out event", mend=_hand_out)
