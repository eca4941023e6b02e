"""Driving a run: call its function, as often as need be, until it ends or rests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import assert_never

from durable import signals
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine import trouble
from durable.engine.call import call, events_of
from durable.engine.finish import complete, fail, fail_or_retry, lost
from durable.engine.held import held
from durable.engine.limits import check_size, raise_if_fatal
from durable.engine.options import Options
from durable.engine.performer import Driving
from durable.errors import FunctionNotFoundError
from durable.replay.failure import found
from durable.replay.interrupt import Fenced, Halted, Interrupt, Parked, Stepped
from durable.replay.outcome import Finished, Interrupted, Outcome, Raised
from durable.replay.tape import Tape
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
        except trouble.NOT_THE_RUNS_FAULT:
            logger.exception("run %s has to rest", run.id, extra={"run_id": str(run.id)})
            _try(lambda: store.runs.release(run, trouble.pause(), reason=trouble.REASON), run)
        except Fenced:
            logger.info("run %s is no longer ours", run.id, extra={"run_id": str(run.id)})
        except Exception:
            logger.exception("run %s could not be driven", run.id, extra={"run_id": str(run.id)})
            # The lease ends soon, which counts as a lost worker: an error for ever ends as one.
            rest = trouble.pause_of_suspect(run.crashes)
            _try(lambda: store.leases.shorten({run.id: run.claim}, {}, rest), run)


def _drive(store: Store, run: RunClaim, owner: str, workers: int) -> None:
    try:
        function = registry.get(run.function)
    except FunctionNotFoundError as error:
        store.runs.release(run, ABSENT, reason=str(error))
        signals.function_missed.send_robust(sender=None, run_id=run.id, function=run.function)
        return
    if run.crashes >= conf.MAX_CRASHES:
        fail(store, run, lost(run.crashes), close_steps=True)
        return
    signals.run_started.send_robust(sender=None, run_id=run.id, function=run.function)
    is_new = run.claim == 1  # nothing can have been recorded
    history = EMPTY if is_new else store.steps.history(run.id)
    try:
        raise_if_fatal(history)
        check_size(run.function, history.size)
    except Halted as signal:
        fail(store, run, found(signal.error), close_steps=True)
        return
    _Turns(store, run, function, history, owner, workers).take()


class _Turns:
    """The calls of a function while its run is held. One, but in strict mode one for each step."""

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
        self.events: list[Event] = events_of(store, run.event)
        self.driving = Driving(store, run, self.options, history, owner=owner, workers=workers)

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
            opened=last.opened if last else self.history.opened,
            strict=self.options.strict,
            attempt=max([self.driving.run.attempt, *tries.values()]),
            tries=tries,
            waits={key: wait for key, wait in waits.items() if key in tries},
        )
        self.driving.tape = tape
        return tape

    def _goes_on(self, outcome: Outcome) -> bool:
        """Write down what a call came to; say whether the function is to be called again at once."""
        run, is_open = self.driving.run, bool(self.driving.tape.opened or self.driving.tries)
        match outcome:
            case Finished(value):
                complete(self.store, run, value, close_steps=is_open)
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
                self.store.runs.release(run, delay or 0.0)
                wake_in(delay or 0.0)
                return False
            case _:
                raise signal


def _try(give_back: Callable[[], object], run: RunClaim) -> None:
    try:
        give_back()
    except Exception:
        logger.exception("run %s could not be given back", run.id, extra={"run_id": str(run.id)})
