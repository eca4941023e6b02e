"""What people do to one run: the verb and its line in the audit log, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop as _

from durable.engine.cancel import cancel
from durable.engine.lookup import find
from durable.engine.refusal import refused
from durable.engine.revive import replay, retry
from durable.errors import RunStateError
from durable.models import Event, Operation, Run, RunStatus
from durable.operations.audit import Actor, write_down
from durable.operations.erase import erase
from durable.operations.intervene import deliver_to, skip_sleep
from durable.operations.receipt import with_receipt
from durable.store import Store, get_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that somebody wants to be done to a run.

    Args:
        verb: one of `VERBS`.
        run: its id.
        step: the one to start from, to skip or to deliver to: its name, or its number in the table;
            without it a replay is of the whole, and others are of the oldest that is open.
        data: of the event, for a replay with other input and for a delivery.
        is_patch: for a replay, `data` are fields that replace those of the run's own input.
        name: of the event that is delivered; the one that is waited for, if left out.
        reason: for people, why it was cancelled; it is kept with the run.
        once: a word by which the same wish is known when it is sent twice.
        bulk: the id of the run that does it to this run and to others.
    """

    verb: str
    run: str | UUID
    step: str | int | None = None
    data: Mapping[str, Any] | None = None
    is_patch: bool = False
    name: str = ""
    reason: str = "It was cancelled by hand."
    once: str = ""
    bulk: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it: whether anything was changed, the step, and the id of a new run or event.

    What the audit log says of it, if anything was changed: `before` and `after`.
    """

    is_new: bool
    made: str = ""
    step: str = ""
    before: Mapping[str, str] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)


def act(actor: Actor, deed: Deed) -> Done:
    """Do it, and write it down; or neither. Joins the caller's transaction.

    Raises:
        RunNotFoundError, StepNotFoundError: it is about nothing.
        RunStateError: the run is not where this could be done to it; the message is for people.
        EventInvalidError, OutputUnserializableError, LimitExceededError: the data cannot be stored.
    """
    store = get_store()
    return with_receipt(store, partial(_act, store, actor, deed))


def _act(store: Store, actor: Actor, deed: Deed) -> Done:
    run = find(store, deed.run)
    if known := _done_before(store, run, deed):
        return known
    done = VERBS[deed.verb](run, deed)
    if not done.is_new:
        return done
    done = replace(done, before={"status": str(run.status)}, after=_after(store, run, deed, done))
    write_down(store, actor, deed.verb, "run", run.pk, before=done.before, after=done.after)
    return done


def _done_before(store: Store, run: Run, deed: Deed) -> Done | None:
    if not deed.once:
        return None
    # Two that come at the same time are one after the other here.
    store.revivals.hold([run.event_id] if run.event_id else [])
    book = Operation.objects.using(store.alias).filter(kind="run", target=str(run.pk))
    for row in book.filter(action=deed.verb, after__contains=deed.once):
        after: Any = row.change[1]
        if after.get("once") == deed.once:
            return Done(is_new=False, made=str(after.get("made", "")))
    return None


def _after(store: Store, run: Run, deed: Deed, done: Done) -> dict[str, str]:
    is_edited = deed.verb == "replay" and deed.data is not None
    said = {
        "status": str(find(store, run.pk).status),
        "step": done.step,
        "made": done.made,
        "once": deed.once,
        "bulk": deed.bulk,
        "input": "edited" if is_edited else "",
    }
    return {name: value for name, value in said.items() if value}


def _cancel(run: Run, deed: Deed) -> Done:
    if cancel(run.pk, deed.reason):
        return Done(True)
    after = find(get_store(), run.pk)
    if after.status == RunStatus.CANCELLED:
        return Done(False)
    raise refused(
        RunStateError,
        _(
            "Run %(run)s of %(function)r is %(status)s: only a run that has not ended can be "
            "cancelled."
        ),
        run=run.pk,
        function=run.function,
        status=RunStatus(after.status),
    )


def _retry(run: Run, deed: Deed) -> Done:
    retry(run.pk)
    return Done(True)


def _replay(run: Run, deed: Deed) -> Done:
    step = None if deed.step is None else str(deed.step)
    return Done(True, replay(run.pk, step, _input(run, deed)), step or "")


def _input(run: Run, deed: Deed) -> Mapping[str, Any] | None:
    """Return the other input of a replay, if there is to be one."""
    if not deed.is_patch:
        return deed.data
    event = Event.objects.using(get_store().alias).filter(runs=run).first()
    if not deed.data or event is None:
        return deed.data or None
    if event.erased is not None:
        raise refused(
            RunStateError,
            _("The input of run %(run)s was erased: no part of it can be replaced."),
            run=run.pk,
        )
    own: Any = event.value
    return {**own, **deed.data}


def _skip(run: Run, deed: Deed) -> Done:
    return Done(True, step=skip_sleep(run.pk, deed.step))


def _deliver(run: Run, deed: Deed) -> Done:
    given = deliver_to(run.pk, deed.step, deed.data or {}, name=deed.name)
    return Done(True, given.event, given.step)


def _erase(run: Run, deed: Deed) -> Done:
    return Done(erase(run.pk))


VERBS: Mapping[str, Callable[[Run, Deed], Done]] = {
    "cancel": _cancel,
    "retry": _retry,
    "replay": _replay,
    "skip": _skip,
    "deliver": _deliver,
    "erase": _erase,
}
