"""Driving a run: call its function, as often as need be, until it ends or rests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import assert_never
from uuid import UUID

from durable import signals
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine import tracing, trouble
from durable.engine.batch import Batch
from durable.engine.branch import drive_branch
from durable.engine.call import call, events_of
from durable.engine.finish import complete, fail, fail_or_retry, internal, lost
from durable.engine.held import held
from durable.engine.limits import check_size, raise_if_fatal
from durable.engine.options import Options
from durable.engine.overrides import overrides
from durable.engine.performer import Driving
from durable.engine.target import run_targets
from durable.engine.unreadable import EventUnreadableError
from durable.errors import FunctionNotFoundError
from durable.models import Event as EventRow
from durable.models import RunStatus
from durable.playback.failure import found
from durable.playback.interrupt import Fenced, Halted, Interrupt, Parked, Stepped
from durable.playback.outcome import Finished, Interrupted, Outcome, Raised
from durable.playback.tape import Tape
from durable.store import Store
from durable.store.rows import EMPTY, History, RunClaim
from durable.wake import wake_in

logger = logging.getLogger("durable.engine")

ABSENT = 10.0  # seconds until somebody looks again for a function that is not registered


def drive(store: Store, run: RunClaim, *, owner: str, workers: int) -> None:
    """Drive a claimed run. Never raises: what goes wrong is recorded on the run, or logged."""
    with held.run(run):
        try:
            _drive(store, run, owner, workers)
            trouble.over()
        except trouble.NOT_THE_RUNS_FAULT as error:
            logger.exception("run %s has to rest", run.id, extra=_extra(run))
            why = trouble.reason(error)
            _try(lambda: store.runs.release(run, trouble.pause(), reason=why), run)
        except Fenced:
            logger.info("run %s is no longer ours", run.id, extra=_extra(run))
        except EventUnreadableError as error:
            failure = found(error)
            logger.error("run %s: %s", run.id, error, extra=_extra(run))
            _try(lambda: fail(store, run, failure, close_steps=True), run)
        except Exception as error:
            logger.exception("run %s could not be driven", run.id, extra=_extra(run))
            _try(partial(_suspect, store, run, error), run)


def _suspect(store: Store, run: RunClaim, error: Exception) -> None:
    """Have the run tried again soon, which counts as a lost worker: an error for ever ends it."""
    tries = run.crashes + 1
    if tries >= conf.MAX_CRASHES:
        fail(store, run, internal(error, tries), close_steps=True)
        return
    store.runs.held(run).update(reason=trouble.INTERNAL)
    rest = trouble.pause_of_suspect(run.crashes)
    store.leases.shorten({run.id: run.claim}, {}, rest)


def _drive(store: Store, run: RunClaim, owner: str, workers: int) -> None:
    try:
        function = registry.get(run.function)
    except FunctionNotFoundError as error:
        store.runs.release(run, ABSENT, reason=str(error))
        signals.function_missed.send_robust(sender=None, run_id=run.id, function=run.function)
        return
    overrides.look(store)
    if overrides.of(run.function).is_paused and _is_held_back(store, run, function):
        return
    if run.crashes >= conf.MAX_CRASHES:
        fail(store, run, lost(run.crashes, _reached(store, run)), close_steps=True)
        return
    is_new = run.claim == 1  # nothing can have been recorded
    if run.version != function.version and (is_new or not run.version):
        store.runs.note_version(run, function.version)
    if run.step:
        drive_branch(store, run, function)
        return
    if function.timeouts and (seconds := function.timeouts.finish_within):
        store.runs.limit(run, seconds)
        wake_in(seconds)
    signals.run_started.send_robust(sender=None, run_id=run.id, function=run.function)
    history = EMPTY if is_new else store.steps.history(run.id)
    try:
        raise_if_fatal(history.memos.values())
        check_size(run.function, history.size)
    except Halted as signal:
        fail(store, run, found(signal.error), close_steps=True)
        return
    with tracing.driving(store, run):
        _Turns(store, run, function, history, owner, workers).take()


def _reached(store: Store, run: RunClaim) -> str:
    """Say which step of a run ended last: what is done in place leaves no trace before it ends."""
    ended = store.steps.rows.filter(run=run.id).exclude(ended=None)
    last = ended.order_by("-ended", "-pk").first()
    return f" It had come as far as step {last.title!r}." if last else " No step of it had ended."


def _is_held_back(store: Store, run: RunClaim, function: Function) -> bool:
    """Rest a run of a paused function; False if that has been resumed."""
    within = function.timeouts.start_within if function.timeouts and not run.step else None
    is_held = store.functions.hold_run(run, within)
    if not is_held:
        overrides.look_again(store)
    return is_held


class _Turns:
    """The calls of a function while its run is held: one, and one more after each group.

    In strict mode, one for each step.
    """

    def __init__(
        self,
        store: Store,
        run: RunClaim,
        function: Function,
        history: History,
        owner: str,
        workers: int,
    ) -> None:
        self.store = store
        self.function = function
        self.history = history
        self.options = Options.of(function)
        self.events = events_of(_event(store, run.event))
        self.context = copy_context()  # what the code sets in a call is not for the next
        self.driving = Driving(
            store,
            run,
            self.options,
            history,
            owner=owner,
            workers=workers,
            afresh=lambda batch: self.context.copy().run(self._run_targets, batch),
        )

    def take(self) -> None:
        """Call the function until it ends or rests."""
        tape = self._tape()
        while self._goes_on(call(self.function, tape, self.driving.run.id, self.events)):
            tape = self._tape(tape)

    def _tape(self, last: Tape | None = None) -> Tape:
        tries = self.driving.tries
        waits = {key: known.wait for key, known in self.history.tries.items()}
        tape = Tape(
            memos=last.memos if last else dict(self.history.memos),
            performer=self.driving,
            mode=self.options.mode,
            branches=self.history.branches,
            kinds=self.history.kinds,
            opened=last.opened if last else self.history.opened,
            abandoned=last.abandoned if last else self.history.abandoned,
            dues=last.dues if last else self.history.dues,
            strict=self.options.strict,
            attempt=max([self.driving.run.attempt, *tries.values()]),
            tries=tries,
            waits={key: wait for key, wait in waits.items() if key in tries},
        )
        self.driving.tape = tape
        return tape

    def _run_targets(self, batch: Batch) -> None:
        """Run planned steps while the call that planned them waits."""
        memos, branches = dict(self.driving.tape.memos), self.history.branches
        run = self.driving.run.id
        run_targets(batch, batch.keys, self.function, run, self.events, memos, branches)

    def _goes_on(self, outcome: Outcome) -> bool:
        """Write down what a call came to; say whether the function is to be called again at once."""
        run, is_open = self.driving.run, bool(self.driving.tape.opened or self.driving.tries)
        match outcome:
            case Finished(value):
                kind = self.function.output
                complete(self.store, run, value, close_steps=is_open, output_type=kind)
            case Raised(failure) if self.driving.tape.misuse is not None:
                # The signal that user code swallowed may have been that of a released run.
                fail(self.store, run, failure, close_steps=True, though_released=True)
            case Raised(failure):
                fail_or_retry(self.store, run, failure, self.options.policy, close_steps=is_open)
            case Interrupted(signal):
                return self._heeds(run, signal)
            case _:
                assert_never(outcome)
        return False

    def _heeds(self, run: RunClaim, signal: Interrupt) -> bool:
        match signal:
            case Stepped():
                return True
            case Parked(is_released=True):
                return False
            case Parked(retry_in=delay):
                # With planned steps open the run may be woken before its retry comes due.
                status = RunStatus.WAITING if self.driving.tape.opened else RunStatus.QUEUED
                self.store.runs.release(run, delay or 0.0, status=status)
                wake_in(delay or 0.0)
                return False
            case _:
                raise signal


def _event(store: Store, pk: UUID | None) -> EventRow | None:
    """Load what the run was started by."""
    return None if pk is None else EventRow.objects.using(store.alias).get(pk=pk)


def _try(give_back: Callable[[], object], run: RunClaim) -> None:
    try:
        give_back()
    except Exception:
        logger.exception("run %s could not be given back", run.id, extra=_extra(run))


def _extra(run: RunClaim) -> dict[str, str]:
    return {"run_id": str(run.id), "function": run.function}
