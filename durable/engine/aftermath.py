"""What the end of a run brings about: its parent's step ends, system events are sent, `on_failure` starts.

All of it is one transaction with the end. Locks are taken in one order, in which a flush, the end of a
run that closes its steps, and timers take theirs: steps before runs, and among the steps that of the
parent, which is the older one, before the run's own; then the run, and its parent last.

  parent's step  →  own open steps  →  own run  →  parent's run

The step of the parent is held first, and only if it is still pending: so exactly one of a child's end
and the time-out of the step counts, and a child that comes late changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction

from durable import codec
from durable.authoring.event import CANCELLED, FAILED, FINISHED
from durable.authoring.registry import registry
from durable.engine.announce import announce, is_echo, is_heard
from durable.engine.call import events_of
from durable.engine.ending import ended
from durable.engine.unreadable import EventUnreadableError
from durable.models import Event as EventRow
from durable.models import RunStatus
from durable.playback.failure import Failure
from durable.store import Store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.store.rows import RunClaim, StepClaim
from durable.wake import wake

_CANCELLED = Failure(
    code="run_cancelled",
    name="FunctionCancelledError",
    message="The function was cancelled",
    is_retriable=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ends: with the JSON text of its result, or with a failure; cancelled, with neither."""

    run: RunClaim
    status: str
    output: str | None = None
    failure: Failure | None = None
    seconds: float = 0.0  # that the body took, if the run is a step of its parent

    @property
    def why(self) -> Failure:
        """The failure of a run that did not complete."""
        return self.failure or _CANCELLED

    @property
    def is_success(self) -> bool:
        """Whether the function returned."""
        return self.status == RunStatus.COMPLETED

    @property
    def names(self) -> Iterator[str]:
        """The names of the system events that tell of it; of a step's own run nothing is told."""
        if self.run.step:
            return
        yield FINISHED
        if self.status == RunStatus.FAILED:
            yield FAILED
        elif self.status == RunStatus.CANCELLED:
            yield CANCELLED

    @property
    def handler(self) -> str | None:
        """The function that is to be started because this one failed."""
        function = None if self.run.step else registry.functions.get(self.run.function)
        if self.status != RunStatus.FAILED or function is None or function.on_failure is None:
            return None
        return function.on_failure.id


def conclude(store: Store, end: End, write: Callable[[], bool]) -> bool:
    """End a run, and bring about what comes of it; with nobody who cares that is one statement.

    Args:
        store: where the run is.
        end: how it ends.
        write: ends the run's row; False if somebody else has decided.

    Returns:
        What `write` returned.
    """
    if end.run.parent is None and end.handler is None and not any(map(is_heard, end.names)):
        return write()
    return repeat(store.alias, partial(_conclude, store, end, write))


def _conclude(store: Store, end: End, write: Callable[[], bool]) -> bool:
    with transaction.atomic(store.alias):
        step = _step_of_parent(store, end.run)
        if not write():
            transaction.set_rollback(True, using=store.alias)
            return False
        due = _tell(store, end)
        if step is not None:
            due += _resolve(store, step, end)
        if due:
            after_commit(store.alias, wake, due)
    return True


def _step_of_parent(store: Store, run: RunClaim) -> StepClaim | None:
    return None if run.parent is None else store.steps.take(run.parent, run.parent_key)


def _resolve(store: Store, step: StepClaim, end: End) -> int:
    """End the step that waited for the run; return how many runs became due."""
    if end.is_success:
        result = ended(step, output=end.output, seconds=end.seconds)
    elif end.run.step and end.failure is not None:
        result = ended(step, failure=end.failure, seconds=end.seconds)
    else:
        # Codes that are fatal to the run in which they arise are none to the one that invoked it.
        result = ended(step, failure=replace(end.why, code="step_errored", is_retriable=False))
    woken = store.steps.flush([(step, result)]).woken
    if woken and end.run.step:
        store.children.go_first(step.run, end.run.function)
    return woken


def _tell(store: Store, end: End) -> int:
    """Send the system events that somebody wants; return how many runs they started."""
    handler = end.handler
    if handler is None and not any(map(is_heard, end.names)):
        return 0
    event = _event(store, end.run)
    is_quiet = event is not None and is_echo(event.name, end.run.parent)
    data = _data(end, event)
    due = 0
    for name in end.names:
        also = [handler] if name == FAILED and handler is not None else []
        if also or (is_heard(name) and not is_quiet):
            due += announce(
                store,
                name,
                str(end.run.id),
                data,
                source=event,
                also=also,
                is_quiet=is_quiet,
            )
    return due


def _event(store: Store, run: RunClaim) -> EventRow | None:
    return None if run.event is None else EventRow.objects.using(store.alias).get(pk=run.event)


def _data(end: End, event: EventRow | None) -> dict[str, Any]:
    events = _told(event)
    outcome: dict[str, Any] = (
        {"result": codec.decode(end.output or "null")}
        if end.is_success
        else {"error": _error(end.why)}
    )
    return {
        "function_id": end.run.function,
        "run_id": str(end.run.id),
        **outcome,
        "event": events[0] if events else None,
        "events": events,
        "_durable": {"status": str(end.status)},
    }


def _told(event: EventRow | None) -> list[dict[str, Any]]:
    """Describe the event of a run; one that is damaged is left out, or its run could not even fail."""
    try:
        found = events_of(event)()
    except EventUnreadableError:
        return []
    return [{"name": one.name, "data": one.data, "id": one.id, "ts": one.ts} for one in found]


def _error(failure: Failure) -> dict[str, str]:
    return {
        "error": failure.code,
        "name": failure.name,
        "message": failure.message,
        "stack": failure.stack,
    }
