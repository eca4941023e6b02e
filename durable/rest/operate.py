"""What a request does to runs: each is operated on as by anybody, and refusals are problems."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from durable.errors import RunStateError
from durable.models import Run
from durable.operations.act import Deed, Done, act
from durable.operations.receipt import with_receipt
from durable.rest.base import View
from durable.rest.idempotency import PATIENCE
from durable.rest.problems import Problem
from durable.rest.representation import brief
from durable.store import get_store


def operate(view: View, run: Run, verb: str, **how: Any) -> Done:
    """Do something to a run, and write it down; `run` then is as it became.

    Args:
        view: that answers the request.
        run: one that the request may see.
        verb: one of `act.VERBS`.
        how: other fields of the `Deed`.

    Raises:
        Problem: 409, the run is not where this could be done to it.
        StepNotFoundError, EventInvalidError, OutputUnserializableError, LimitExceededError: as
            `act` does.
    """
    deed = Deed(verb=verb, run=run.pk, **how)
    try:
        done = with_receipt(get_store(), partial(act, view.actor, deed), PATIENCE)
    except RunStateError as error:
        raise conflict(run, str(error)) from error
    run.refresh_from_db()
    return done


def cancel(view: View, run: Run) -> Done:
    """Cancel a run; what was cancelled before stays so.

    Raises:
        Problem: 409, it has ended otherwise.
    """
    reason = f"It was cancelled through the API by {view.actor.who}."
    return operate(view, run, "cancel", reason=reason)


def cancel_each(view: View, runs: Iterable[Run]) -> list[Run]:
    """Cancel runs, each in a transaction of its own; return those that had not ended."""
    found = []
    for run in runs:
        try:
            if cancel(view, run).is_new:
                found.append(run)
        except Problem:  # it ended meanwhile
            continue
    return found


def conflict(run: Run, detail: str) -> Problem:
    """Say that something cannot be done with a run as it is, and how it is."""
    run.refresh_from_db()
    return Problem(409, "conflict", detail, more={"run": brief(run)})
