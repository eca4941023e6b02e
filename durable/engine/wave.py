"""A planned wave, helped along by the process that planned it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from durable.engine.batch import Batch
from durable.engine.held import held
from durable.engine.options import Options
from durable.engine.pace import Pace
from durable.engine.timers import ring
from durable.playback.failure import Failure
from durable.playback.interrupt import Parked
from durable.playback.memo import Memo
from durable.playback.performer import RunTargets
from durable.playback.request import TIMERS, Request
from durable.playback.tape import Tape
from durable.q2 import pulse
from durable.store import Store
from durable.store.rows import RunClaim, StepClaim

STRAGGLERS = 0.05  # seconds a planner waits for steps that others run, before it parks
_LOOK = 0.004


class Wave:
    """The wave that `run` planned last.

    Args:
        store: where the run is.
        run: the claim it is held under.
        options: of its function.
        owner: this process.
        tape: of the call that goes on when the wave has joined.
        requests: its steps.
        afresh: runs steps in a call of the function for themselves.
        is_alone: whether nobody else is known who could run some of them.
    """

    def __init__(
        self,
        store: Store,
        run: RunClaim,
        options: Options,
        *,
        owner: str,
        tape: Tape,
        requests: Sequence[Request],
        afresh: Callable[[Batch], None],
        is_alone: bool,
    ) -> None:
        self.store = store
        self.run = run
        self.options = options
        self.owner = owner
        self.tape = tape
        self.afresh = afresh
        self.size = len(requests)
        self.may_be_helped = not is_alone and all(request.is_work for request in requests)
        self._batch: Batch | None = None
        self._memos: list[Memo] = []

    def work(self, claims: Sequence[StepClaim], share: int, run_targets: RunTargets | None) -> None:
        """Run the steps that were taken when it was planned, then what others left.

        Without `run_targets` in calls of the function for themselves.
        """
        pace = Pace(share)
        claims = claims or self._claim(share)
        while claims:
            begun = time.monotonic()
            self._run(claims, run_targets)
            pace.adapt(time.monotonic() - begun)
            claims = self._claim(max(pace.size, self.options.threads))

    def perform(self, batch: Batch, run_targets: RunTargets | None) -> None:
        """Run steps, and record their results."""
        self._batch = batch
        if run_targets is None:
            self.afresh(batch)
        else:
            self._run_here(batch, run_targets)
        batch.flush()
        self._batch = None

    @property
    def batch(self) -> Batch:
        """What of it is run here at the moment."""
        assert self._batch is not None
        return self._batch

    def join(self) -> Iterable[Memo]:
        """Wait a little for steps that others run; return the results, or park."""
        if self._is_done:
            return self._memos
        deadline = time.monotonic() + (STRAGGLERS if self.may_be_helped else 0.0)
        while self.store.runs.count_pending(self.run):
            if time.monotonic() >= deadline:
                park(self.store, self.run)
                break
            time.sleep(_LOOK)
        return self.store.steps.history(self.run.id, wave=self.run.wave).memos.values()

    @property
    def _is_done(self) -> bool:
        """Whether all of its steps were recorded here."""
        return len(self._memos) == self.size

    def _run(self, claims: Sequence[StepClaim], run_targets: RunTargets | None) -> None:
        self._memos += ring(self.store, [claim for claim in claims if claim.op in TIMERS])
        claims = [claim for claim in claims if claim.op not in TIMERS]
        if not claims:
            return
        batch = Batch(
            self.store,
            claims,
            function=self.run.function,
            policy=self.options.policy,
            is_serial=self.options.threads == 1,
        )
        with held.batch(claims):
            self.perform(batch, run_targets)
        self._memos += batch.memos

    def _run_here(self, batch: Batch, run_targets: RunTargets) -> None:
        self.tape.tries |= batch.tries
        self.tape.targets = batch.keys
        errors = run_targets()
        for key, error in errors.items():
            batch.fail([key], Failure.of(error))
        batch.miss(self.tape.targets - set(errors), self.tape)
        self.tape.targets = None

    def _claim(self, limit: int) -> list[StepClaim]:
        if self._is_done or pulse.is_stopping():
            return []
        return self.store.steps.claim(self.owner, limit, self.run.id)


def park(store: Store, run: RunClaim) -> None:
    """Park, unless the wave has joined meanwhile."""
    if store.runs.park(run):
        raise Parked(is_released=True)
    if store.runs.count_pending(run):
        raise Parked(0.0)
