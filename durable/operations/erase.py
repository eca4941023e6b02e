"""Erasing what a run was given and what it made, for ever; that it was, and when, stays."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from durable import codec
from durable.authoring.event import CANCELLED, FAILED, FINISHED
from durable.engine.ingest import dedupe_key
from durable.engine.lookup import find
from durable.engine.refusal import refused
from durable.errors import RunStateError
from durable.models import Attempt, Blob, Event, Run, Step
from durable.operations.fingerprint import fingerprint
from durable.store import Store, get_store
from durable.store.clock import database_now
from durable.store.executor import repeat

_TOLD = (FINISHED, FAILED, CANCELLED)


def erase(run_id: str | UUID) -> bool:
    """Erase the payloads of a run that has ended, in the caller's transaction if there is one.

    That is: its result, those of its steps and what they were called with, the messages and tracebacks
    of its errors, also where charts count it with others that failed alike, the data of the event that
    started it and of the events that told of its end. Names, times and statuses stay. The run can then
    neither be retried nor replayed, and nor can others of the same event. The runs that fan-out made of
    its steps lose theirs, too; runs that it invoked have payloads of their own.

    Returns:
        Whether this call erased them; False if that was done before.

    Raises:
        RunNotFoundError: there is no such run.
        RunStateError: it, or another run of one of these events, has not ended; or it is only a step
            of another run.
    """
    store = get_store()
    run = find(store, run_id)
    if run.step and run.parent_id:
        raise refused(
            RunStateError,
            _(
                "Run %(run)s did the step %(step)r of run %(parent)s, which has its payloads, "
                "too. Erase those of that run."
            ),
            run=run.pk,
            step=run.step,
            parent=run.parent_id,
        )
    return repeat(store.alias, partial(_erase, store, run, _events(store, run)))


def _erase(store: Store, run: Run, events: Sequence[UUID]) -> bool:
    now: Any = database_now()
    with transaction.atomic(store.alias):
        # Events before runs, as who retries and replays: nobody starts anew from what is being erased.
        store.revivals.hold(events)
        rows = Run.objects.using(store.alias)
        mine = rows.filter(pk=run.pk, ended__isnull=False)
        if not mine.exists():
            raise refused(
                RunStateError,
                _(
                    "Run %(run)s of %(function)r has not ended and needs its payloads. "
                    "Cancel it first, or wait for its end."
                ),
                run=run.pk,
                function=run.function,
            )
        if not mine.filter(erased=None).update(erased=now, output=None, large=False):
            return False
        _refuse_if_needed(rows.filter(event__in=events, ended=None).first(), run)
        branches = rows.filter(parent=run).exclude(step="")
        branches.update(erased=now, output=None, large=False)
        family = [run.pk, *branches.values_list("pk", flat=True)]
        steps = Step.objects.using(store.alias).filter(run__in=family)
        attempts = Attempt.objects.using(store.alias).filter(run__in=family)
        failing = (rows.filter(pk__in=family), steps, attempts)
        erased = [text for some in failing for text in _erase_errors(some)]
        store.rollups.hush(run.function, run.pk, {_digest(text) for text in erased})
        steps.update(output=None, given=None, large=False)
        Blob.objects.using(store.alias).filter(run__in=family).delete()
        Event.objects.using(store.alias).filter(pk__in=events).update(data="{}", erased=now)
    return True


def _events(store: Store, run: Run) -> list[UUID]:
    """Return the ids of the event that started the run and of those that told of its end."""
    keys = [dedupe_key(name, str(run.pk)) for name in _TOLD]
    told = Event.objects.using(store.alias).filter(dedupe_key__in=keys)
    return sorted([*told.values_list("pk", flat=True), *([run.event_id] if run.event_id else [])])


def _refuse_if_needed(other: Run | None, run: Run) -> None:
    if other is not None:
        raise refused(
            RunStateError,
            _(
                "The event of run %(run)s of %(function)r is still needed by run %(other)s of "
                "%(of)r, which has not ended."
            ),
            run=run.pk,
            function=run.function,
            other=other.pk,
            of=other.function,
        )


def _erase_errors(rows: QuerySet[Any]) -> list[str]:
    """Keep of errors what programs know them by; return them as they were."""
    texts = list(rows.filter(error__isnull=False).values_list("pk", "error"))
    for pk, text in texts:
        kept = {**codec.decode(text), "message": "", "stack": ""}
        emptied = codec.encode(kept, what="error", limit=1 << 20, setting="MAX_STEP_BYTES", depth=4)
        rows.model._default_manager.using(rows.db).filter(pk=pk).update(error=emptied)
    return [text for _, text in texts]


def _digest(error: str) -> str:
    return fingerprint(codec.decode(error)).digest
