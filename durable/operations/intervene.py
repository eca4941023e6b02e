"""Ending by hand what only time or an event would end: a sleep, and the wait for an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop as _

from durable import clock
from durable.engine.call import events_of
from durable.engine.ending import ended
from durable.engine.ingest import data_text, name_text
from durable.engine.lookup import find
from durable.engine.refusal import refused
from durable.engine.verdict import encoded
from durable.errors import RunStateError, StepNotFoundError
from durable.ids import new_id
from durable.models import Event, Run, RunStatus, Step
from durable.models.status import OPEN_STEP
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.store.clock import database_now
from durable.store.executor import repeat
from durable.wake import wake

_OTHER = {
    "sleep": _("Step %(step)r of run %(run)s of %(function)r is not a sleep."),
    "wait": _("Step %(step)r of run %(run)s of %(function)r is not a wait for an event."),
}
_NONE = {
    "sleep": _("Run %(run)s of %(function)r is %(status)s, and not in a sleep."),
    "wait": _("Run %(run)s of %(function)r is %(status)s, and not in a wait for an event."),
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """The id of an event that was stored, and the step of the run that waited for it, as people name it."""

    event: str
    step: str


def skip_sleep(run_id: str | UUID, step: str | int | None = None) -> str:
    """End a sleep now, in the caller's transaction if there is one; the run goes on.

    Args:
        run_id: of the run that sleeps.
        step: what the sleep is called in the code, "nap" or "nap:1", or its number in the table; of
            several open ones of a name, in branches, the oldest. None for the oldest that is open.

    Returns:
        What it is called in the code.

    Raises:
        RunNotFoundError: there is no such run.
        StepNotFoundError: it has no such step.
        RunStateError: that is no sleep, or it is over.
    """
    store = get_store()
    run = find(store, run_id)
    row = _asleep(store, run, step, "sleep")
    repeat(store.alias, partial(_end, store, run, row, "null"))
    return row.title


def deliver_to(
    run_id: str | UUID, step: str | int | None, data: Mapping[str, Any], *, name: str = ""
) -> Delivered:
    """Give an event to one run that waits, in the caller's transaction if there is one.

    It is stored, but starts nothing and reaches no other run. Whether it meets the condition of the
    wait is not asked: who sends it decides that.

    Args:
        run_id: of the run that waits.
        step: what the wait is called in the code, or its number in the table; see `skip_sleep`.
        data: of the event.
        name: of the event; the one that is waited for, if left out.

    Raises:
        RunNotFoundError: there is no such run.
        StepNotFoundError: it has no such step.
        RunStateError: that is no wait, or it is over.
        EventInvalidError, OutputUnserializableError, LimitExceededError: the event cannot be stored.
    """
    store = get_store()
    run = find(store, run_id)
    row = _asleep(store, run, step, "wait")
    now = clock.now()
    event = Event(
        id=new_id(),
        name=name_text(name, "deliver_to") if name else _awaited(store, run, row),
        data=data_text(data, "deliver_to"),
        tenant=run.tenant,
        subject=run.subject,
        ts=now,
        received=now,
    )
    repeat(store.alias, partial(_give, store, run, row, event))
    return Delivered(str(event.pk), row.title)


def _give(store: Store, run: Run, step: Step, event: Event) -> None:
    (seen,) = events_of(event)()
    output = encoded(seen.as_dict(), "the event")
    arrived: Any = database_now()
    with transaction.atomic(store.alias):
        _end(store, run, step, output)
        store.waits.close([step.pk])
        event.received = arrived
        event.save(using=store.alias, force_insert=True)


def _end(store: Store, run: Run, step: Step, output: str) -> None:
    """Take the step over from time and events, or find that they were first."""
    with transaction.atomic(store.alias):
        claims = store.steps.seize([step.pk])
        flush = store.steps.flush([(claim, ended(claim, output=output)) for claim in claims])
        if not flush.written:
            raise _over(run, step)
        after_commit(store.alias, wake, flush.woken)


def _asleep(store: Store, run: Run, step: str | int | None, op: str) -> Step:
    found = _open(store, run, op) if step is None else _named(store, run, step)
    matching = [row for row in found if row.op == op]
    if not matching:
        step = found[0].title
        raise refused(RunStateError, _OTHER[op], step=step, run=run.pk, function=run.function)
    still = [row for row in matching if row.status in OPEN_STEP]
    if not still:
        raise _over(run, matching[-1])
    return still[0]


def _open(store: Store, run: Run, op: str) -> list[Step]:
    rows = Step.objects.using(store.alias).filter(run=run, op=op, status__in=OPEN_STEP)
    found = list(rows.defer("output", "error").order_by("pk")[:1])
    if not found:
        status = RunStatus(run.status)
        raise refused(RunStateError, _NONE[op], run=run.pk, function=run.function, status=status)
    return found


def _named(store: Store, run: Run, step: str | int) -> list[Step]:
    rows = Step.objects.using(store.alias).filter(run=run).order_by("pk")
    rows = rows.defer("output", "error")
    found = [row for row in rows if step in (row.pk, row.title)]
    if not found:
        timers = ", ".join(repr(row.title) for row in rows if row.op in _OTHER) or "none"
        raise refused(
            StepNotFoundError,
            _(
                "Run %(run)s of %(function)r has no step %(step)r. Its sleeps and waits are: %(known)s."
            ),
            run=run.pk,
            function=run.function,
            step=step,
            known=timers,
        )
    return found


def _over(run: Run, step: Step) -> RunStateError:
    return refused(
        RunStateError,
        _(
            "Step %(step)r of run %(run)s of %(function)r is over: it was ended by its time, by an "
            "event, or with its run."
        ),
        step=step.title,
        run=run.pk,
        function=run.function,
    )


def _awaited(store: Store, run: Run, step: Step) -> str:
    wait = store.waits.of_steps([step.pk]).get(step.pk)
    if wait is None:
        raise _over(run, step)
    return wait.event
