"""Cancelling runs: because somebody asks for it, an event says so, or their time is over."""

from __future__ import annotations

from datetime import UTC
from functools import partial
from uuid import UUID

from django.db import transaction

from durable import signals
from durable.engine.aftermath import End, conclude
from durable.engine.finish import took_of
from durable.engine.lookup import find
from durable.models import Run, RunStatus
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.store.rows import Overdue, RunClaim

ASKED = "It was cancelled by durable.cancel."
_SWEPT = 20  # runs of one sweep


def cancel(run_id: str | UUID, reason: str = ASKED) -> bool:
    """Cancel a run, in the caller's transaction if there is one.

    Args:
        run_id: its id.
        reason: for people; it is kept with the run.

    Returns:
        Whether it was cancelled by this call; False if it had ended before.

    Raises:
        RunNotFoundError: there is no such run.
    """
    store = get_store()
    return end_early(store, find(store, run_id), reason)


def sweep(store: Store) -> int:
    """Cancel runs that did not start or finish in time; return how many."""
    overdue = {run.id: run for run in store.runs.overdue(_SWEPT)}
    rows = Run.objects.using(store.alias).filter(pk__in=list(overdue))
    return sum(end_early(store, row, _why(overdue[row.pk]), is_overdue=True) for row in rows)


def end_early(store: Store, run: Run, reason: str, *, is_overdue: bool = False) -> bool:
    """Cancel a run, and bring about what comes of it; say whether this call did so.

    Args:
        store: where it is.
        run: its row.
        reason: for people; it is kept with the run.
        is_overdue: only if its deadline has passed.
    """
    return repeat(store.alias, partial(_end, store, run, reason, is_overdue=is_overdue))


def _end(store: Store, run: Run, reason: str, *, is_overdue: bool) -> bool:
    claim = RunClaim(
        id=run.pk,
        claim=run.claim,
        function=run.function,
        event=run.event_id,
        parent=run.parent_id,
        parent_key=run.parent_key,
        step=run.step,
    )
    end = End(run=claim, status=RunStatus.CANCELLED)
    write = partial(store.runs.cancel, run.pk, reason, is_overdue=is_overdue)
    with transaction.atomic(store.alias):
        is_cancelled = conclude(store, end, write)
        if is_cancelled and not run.step:
            after_commit(store.alias, _tell, store, run.pk, run.function)
    return is_cancelled


def _tell(store: Store, run: UUID, function: str) -> None:
    signals.run_finished.send_robust(
        sender=None,
        run_id=run,
        function=function,
        status=RunStatus.CANCELLED,
        failure=None,
        took=partial(took_of, store, run),
    )


def _why(run: Overdue) -> str:
    word, option = ("started", "start") if run.started is None else ("finished", "finish")
    moment = run.deadline.astimezone(UTC)
    return f"It had not {word} by {moment:%Y-%m-%d %H:%M:%S} UTC (Timeouts.{option})."
