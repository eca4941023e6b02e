"""Having a run go on that has ended, or happen once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_noop as _

from durable import clock
from durable.authoring.registry import registry
from durable.engine.cancelling import await_cancels
from durable.engine.ingest import data_text
from durable.engine.lookup import find
from durable.engine.refusal import refused
from durable.errors import EventInvalidError, RunStateError, StepNotFoundError
from durable.ids import new_id
from durable.models import Event, Run, RunStatus, Step, StepStatus
from durable.playback.failure import Failure
from durable.store import Store, get_store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.wake import wake

_REVIVABLE = (RunStatus.FAILED, RunStatus.CANCELLED)
_REMEMBERED = (StepStatus.DONE, StepStatus.FAILED)


def retry(run_id: str | UUID) -> None:
    """Have a run go on from the step that failed, in the caller's transaction if there is one.

    What is done stays done. The failed step, and what was open, is forgotten, and so is tried anew.

    Raises:
        RunNotFoundError: there is no such run.
        RunStateError: it has neither failed nor been cancelled, its payloads were erased, or the
            function is durable's own.
    """
    store = get_store()
    run = find(store, run_id)
    _refuse_own(run)
    repeat(store.alias, partial(_retry, store, run.pk, []))


def _retry(store: Store, run_id: UUID, said: list[int]) -> None:
    """Do it; `said` has the claims that the run had when this was said before, and the outcome is unknown."""
    with transaction.atomic(store.alias):
        run = find(store, run_id)
        if said and run.claim > said[0]:
            after_commit(store.alias, wake)
            return
        said.append(run.claim)
        _refuse_erased(store, run, run.event_id)
        if not store.runs.requeue(run_id, _REVIVABLE):
            run = find(store, run_id)
            raise refused(
                RunStateError,
                _(
                    "Run %(run)s of %(function)r is %(status)s: only runs that have failed or "
                    "were cancelled can be retried. durable.replay makes a new run of any."
                ),
                run=run.pk,
                function=run.function,
                status=RunStatus(run.status),
            )
        store.revivals.forget(run_id, _not_to_stay(run, store.revivals.steps(run_id)))
        if (event := _event_of(store, run)) is not None:
            await_cancels(store, event, [run.function])
        after_commit(store.alias, wake)


def _refuse_own(run: Run) -> None:
    if run.step:
        raise refused(
            RunStateError,
            _(
                "Run %(run)s did the step %(step)r of run %(parent)s: it is neither retried nor "
                "replayed by itself. Retry or replay that run."
            ),
            run=run.pk,
            step=run.step,
            parent=run.parent_id,
        )
    if registry.is_own(run.function):
        raise refused(
            RunStateError,
            _(
                "Run %(run)s of %(function)r did what somebody had asked for and was allowed to: it "
                "is neither retried nor replayed. Ask anew."
            ),
            run=run.pk,
            function=run.function,
        )


def _refuse_erased(store: Store, run: Run, event: UUID | None, *, is_fresh: bool = False) -> None:
    """Hold the event of a run that is to go on, or to be repeated, against who would erase it."""
    events = store.revivals.hold([event] if event else [])
    # Asked again: it may have been erased since it was found.
    gone = not is_fresh and find(store, run.pk).erased is not None
    if gone or any(one.erased for one in events):
        raise refused(
            RunStateError,
            _(
                "The payloads of run %(run)s of %(function)r, or of its event, were erased: there "
                "is nothing left to go on from."
            ),
            run=run.pk,
            function=run.function,
        )


def _not_to_stay(run: Run, steps: Sequence[Step]) -> list[str]:
    """Return the keys of steps that failed and were not got over, or that were never done."""
    undone = [step.key for step in steps if step.status not in _REMEMBERED]
    ended = [step for step in steps if step.status in _REMEMBERED]
    failed = [step for step in ended if step.status == StepStatus.FAILED]
    culprits = [
        step.key
        for step in failed
        if _is_fatal(step) or _was_last(step, ended[ended.index(step) + 1 :])
    ]
    # Code beside it may have gone on: then the run's own error tells which one it was.
    return undone + (culprits or [step.key for step in failed if _is_same(step, run)][-1:])


def _is_same(step: Step, run: Run) -> bool:
    kept = ("name", "message", "stack")
    mine, its = step.failure or {}, run.failure or {}
    return all(mine.get(name) == its.get(name) for name in kept)


def _is_fatal(step: Step) -> bool:
    return step.failure is not None and Failure.of_json(step.failure).is_fatal


def _was_last(step: Step, later: Sequence[Step]) -> bool:
    """Whether the code did not go on from a step: neither in its branch, nor around or within it."""
    here = _path(step)
    return not any(path.startswith(here) or here.startswith(path) for path in map(_path, later))


def _path(step: Step) -> str:
    return f"{step.branch}." if step.branch else ""


def replay(
    run_id: str | UUID, from_step: str | None = None, input: Mapping[str, Any] | None = None
) -> str:
    """Make a new run of the same function, in the caller's transaction if there is one.

    Args:
        run_id: the run to repeat, whatever became of it.
        from_step: what was done before this step is copied; without it everything runs again.
        input: data of the event, if it is to be other data.

    Returns:
        The id of the new run.

    Raises:
        RunNotFoundError: there is no such run.
        RunStateError: what the new run would start from was erased, or the function is durable's own.
        StepNotFoundError: it has no such step; the message lists those it has.
        EventInvalidError, OutputUnserializableError, LimitExceededError: `input` cannot be stored.
    """
    store = get_store()
    run = find(store, run_id)
    _refuse_own(run)
    steps = _before(run, store.revivals.steps(run.pk), from_step)
    event = None if input is None else _derived(store, run, input)
    new = repeat(store.alias, partial(_replay, store, run, event, steps, new_id()))
    return str(new)


def _replay(store: Store, run: Run, event: Event | None, steps: Sequence[Step], new: UUID) -> UUID:
    with transaction.atomic(store.alias):
        if store.runs.rows.filter(pk=new).exists():  # it was said before, and the outcome unknown
            after_commit(store.alias, wake)
            return new
        if not store.revivals.keep(run.pk):
            find(store, run.pk)  # it has been removed since: this says so
        if event is not None:
            event.save(using=store.alias, force_insert=True)
        start_from = event.pk if event else run.event_id
        _refuse_erased(store, run, start_from, is_fresh=event is not None and not steps)
        store.revivals.repeat(run, start_from, steps, new)
        if start := event or _event_of(store, run):
            await_cancels(store, start, [run.function])
        after_commit(store.alias, wake)
    return new


def _before(run: Run, steps: Sequence[Step], name: str | None) -> list[Step]:
    """Return what was done before a step, without what ran beside it in the same wave of a group."""
    if name is None:
        return []
    titles = [step.title for step in steps]
    if name not in titles:
        known = ", ".join(map(repr, dict.fromkeys(titles))) or "none"
        raise refused(
            StepNotFoundError,
            _("Run %(run)s of %(function)r has no step %(step)r. Its steps are: %(known)s."),
            run=run.pk,
            function=run.function,
            step=name,
            known=known,
        )
    number = titles.index(name)
    wave = steps[number].wave if steps[number].mode else None
    return [
        step
        for step in steps[:number]
        if step.status in _REMEMBERED
        and not (step.mode and step.wave == wave)
        and not _is_fatal(step)
    ]


def _event_of(store: Store, run: Run) -> Event | None:
    """Read it where it was written: `run.event` would ask the routers."""
    return Event.objects.using(store.alias).filter(runs=run).first()


def _derived(store: Store, run: Run, data: Mapping[str, Any]) -> Event:
    """Describe an event like that of a run, with other data."""
    own = _event_of(store, run)
    if own is None:
        raise refused(
            partial(EventInvalidError, field="data"),
            _("Run %(run)s of %(function)r has no event whose data could be replaced."),
            run=run.pk,
            function=run.function,
        )
    now = clock.now()
    return Event(
        id=new_id(),
        name=own.name,
        data=data_text(data, "replay"),
        tenant=run.tenant,
        subject=run.subject,
        ts=now,
        received=now,
    )
