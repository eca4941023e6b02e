"""What a request does to runs: done once, and written down with who did it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from durable.engine.cancel import cancel
from durable.engine.revive import replay, retry
from durable.errors import RunStateError, StepNotFoundError
from durable.models import Run, RunStatus
from durable.operations.book import Actor, write_down
from durable.operations.certain import certainly
from durable.operations.intervene import deliver_to
from durable.rest.once import PATIENCE
from durable.rest.problems import Problem
from durable.rest.standing import brief
from durable.store import Store

T = TypeVar("T")


def cancelled(store: Store, actor: Actor, run: Run) -> bool:
    """Cancel a run; False if somebody had done so before.

    Raises:
        Problem: 409, it has ended otherwise.
    """

    def act() -> bool:
        is_done = cancel(run.pk, f"It was cancelled through the API by {actor.who}.")
        if is_done:
            _write(store, actor, "cancel", run, {"status": RunStatus.CANCELLED})
        return is_done

    is_done = _at_once(store, act)
    run.refresh_from_db()
    if run.status != RunStatus.CANCELLED:
        raise conflict(run, f"It is {run.status}: only runs that have not ended can be cancelled.")
    return is_done


def cancelled_each(store: Store, actor: Actor, runs: Iterable[Run]) -> list[Run]:
    """Cancel runs, each in a transaction of its own; return those that had not ended."""
    found = []
    for run in runs:
        try:
            if cancelled(store, actor, run):
                found.append(run)
        except Problem:  # it ended meanwhile
            continue
    return found


def retried(store: Store, actor: Actor, run: Run) -> None:
    """Have a run go on from the step that failed.

    Raises:
        Problem: 409, it has neither failed nor been cancelled.
    """

    def act() -> None:
        retry(run.pk)
        _write(store, actor, "retry", run, {"status": RunStatus.QUEUED})

    _guarded(store, run, act)
    run.refresh_from_db()


def replayed(store: Store, actor: Actor, run: Run, **how: Any) -> Run:
    """Make a new run that repeats this one; return it.

    Raises:
        StepNotFoundError, EventInvalidError, OutputUnserializableError, LimitExceededError: as
            `durable.replay` does.
    """

    def act() -> Run:
        new = replay(run.pk, **how)
        _write(store, actor, "replay", run, {"run": new, "from_step": how.get("from_step")})
        return Run.objects.using(store.alias).get(pk=new)

    return _guarded(store, run, act)


def signalled(
    store: Store, actor: Actor, run: Run, *, step: str, data: Mapping[str, Any], name: str = ""
) -> str:
    """Give an event to a step that waits; return its id.

    Raises:
        Problem: 409, the step does not wait, or there is none.
        EventInvalidError, OutputUnserializableError, LimitExceededError: it cannot be stored.
    """

    def act() -> str:
        event = deliver_to(run.pk, step, data, name=name)
        write_down(store, actor, "signal", "run", run.pk, after={"step": step, "event": event})
        return event

    try:
        return _at_once(store, act)
    except (RunStateError, StepNotFoundError):
        run.refresh_from_db()
        raise conflict(run, "There is no step of this id that waits for an event.") from None


def conflict(run: Run, detail: str) -> Problem:
    """Say that something cannot be done with a run as it is, and how it is."""
    return Problem(409, "conflict", detail, more={"run": brief(run)})


def _guarded(store: Store, run: Run, act: Callable[[], T]) -> T:
    try:
        return _at_once(store, act)
    except RunStateError as error:
        run.refresh_from_db()
        raise conflict(run, str(error)) from error


def _at_once(store: Store, act: Callable[[], T]) -> T:
    """Do it and write it down in one transaction."""
    return certainly(store, act, PATIENCE)


def _write(store: Store, actor: Actor, action: str, run: Run, after: Mapping[str, Any]) -> None:
    before = {"status": run.status}
    write_down(store, actor, action, "run", run.pk, before=before, after=after)
