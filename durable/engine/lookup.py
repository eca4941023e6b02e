"""Runs by their ids, and what came of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop as _

from durable.authoring.run import RunInfo
from durable.engine.refusal import refused
from durable.errors import (
    RunCancelledError,
    RunFailedError,
    RunNotFoundError,
    WaitInTransactionError,
)
from durable.models import Run, RunStatus
from durable.store import Store, get_store

_FIRST, _LONGEST = 0.01, 1.0  # seconds between two looks


def find(store: Store, run_id: str | UUID) -> Run:
    """Return the row of a run.

    Raises:
        RunNotFoundError: there is none.
    """
    try:
        pk = run_id if isinstance(run_id, UUID) else UUID(str(run_id))
        return Run.objects.using(store.alias).get(pk=pk)
    except (ValueError, Run.DoesNotExist):
        raise refused(RunNotFoundError, _("There is no run %(run)r."), run=str(run_id)) from None


def info(run_id: str | UUID) -> RunInfo:
    """Describe a run."""
    run = find(get_store(), run_id)
    return RunInfo(
        id=str(run.pk),
        function=run.function,
        status=str(run.status),
        event_id=str(run.event_id) if run.event_id else None,
        result=run.result,
        error=run.failure,
        reason=run.reason,
        created=run.created,
        started=run.started,
        ended=run.ended,
        replay_of=str(run.replay_of) if run.replay_of else None,
    )


def look(run_id: str | UUID) -> tuple[bool, Any]:
    """Say whether a run has completed, and with what.

    Raises:
        RunNotFoundError: there is no such run.
        RunFailedError, RunCancelledError: it ended otherwise.
        WaitInTransactionError: it has not ended, and it would be in vain to wait for that here.
    """
    store = get_store()
    run = find(store, run_id)
    if run.status == RunStatus.COMPLETED:
        return True, run.result
    if run.status == RunStatus.CANCELLED:
        why = f" {run.reason}" if run.reason else ""
        raise RunCancelledError(f"Run {run.pk} of {run.function!r} was cancelled.{why}")
    if failure := run.failure:
        raise RunFailedError(
            failure["message"],
            failure["name"],
            failure["stack"],
            run=f"{run.pk} of {run.function!r}",
        )
    if store.connection.in_atomic_block:
        raise WaitInTransactionError(
            f"Run {run.pk} of {run.function!r} has not ended, and this code is inside of "
            "transaction.atomic(): what is sent there does not start before the transaction ends, "
            "and its end might not be seen. Wait for the result after the block."
        )
    return False, None


def pauses(run_id: str | UUID, timeout: float | timedelta | None) -> Iterator[float]:
    """Yield seconds to sleep between two looks, which grow.

    Raises:
        TimeoutError: the time is over.
    """
    seconds = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    deadline = float("inf") if seconds is None else time.monotonic() + seconds
    pause = _FIRST
    while (left := deadline - time.monotonic()) > 0:
        yield min(pause, left)
        pause = min(pause * 1.5, _LONGEST)
    raise TimeoutError(f"Run {run_id} did not end in time. It goes on.")
