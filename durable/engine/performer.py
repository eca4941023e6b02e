"""What a driven function's steps do to the tables."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from django.db import connections

from durable import signals
from durable.engine.batch import Batch
from durable.engine.held import held
from durable.engine.limits import check_size, check_steps, check_transaction, raise_if_fatal
from durable.engine.options import Options
from durable.engine.pace import Pace, first_share
from durable.engine.verdict import judge
from durable.q2 import pulse
from durable.replay.body import Ran
from durable.replay.failure import Failure
from durable.replay.interrupt import Parked
from durable.replay.memo import Memo
from durable.replay.request import ParallelMode, Request
from durable.replay.tape import RunTargets, Tape
from durable.store import Store
from durable.store.rows import History, Result, RunClaim, StepClaim
from durable.wake import wake

STRAGGLERS = 0.05  # seconds a planner waits for steps that others run, before it parks
_LOOK = 0.004


class Driving:
    """The performer of the one process that holds the run.

    Args:
        store: where the run is.
        run: the claim it is held under.
        options: of its function.
        history: what was remembered when it was claimed.
        owner: this process.
        workers: how many may share a wave.
    """

    tape: Tape

    def __init__(
        self,
        store: Store,
        run: RunClaim,
        options: Options,
        history: History,
        *,
        owner: str,
        workers: int,
    ) -> None:
        self.store = store
        self.run = run
        self.options = options
        self.tries = {key: known.attempt for key, known in history.tries.items()}
        self.count = history.count
        self.size = history.size
        self.owner = owner
        self.workers = workers
        self.depth = len(store.connection.savepoint_ids) + store.connection.in_atomic_block
        self._batch: Batch | None = None

    def admit(self, requests: Sequence[Request]) -> None:
        """Raise if these steps may not start."""
        if pulse.is_stopping():
            raise Parked(0.0)  # another worker goes on from here
        check_transaction(self.store, self.depth, requests[0])
        new = [request for request in requests if request.key not in self.tries]
        check_steps(self.run.function, self.count + len(new), requests[-1])

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Record steps that ran in place."""
        judged = [self._judge(ran) for ran in done]
        check_transaction(self.store, self.depth, judged[0].request)
        memos = self.store.steps.record(self.run, judged, self.tries)
        self._note(judged)
        self._weigh(memos)
        return [
            memo if result.is_final else Parked(result.retry_in)
            for memo, result in zip(memos, judged, strict=True)
        ]

    def keep(self, ran: Ran) -> None:
        """Take the result of a planned step of the wave this process helps with."""
        assert self._batch is not None
        self._batch.keep(ran)

    def settle(self, requests: list[Request], run_targets: RunTargets) -> None:
        """Plan what is new; in WAIT help until the wave has joined, else park."""
        opened = [r for r in requests if r.key in self.tape.opened]
        new = [r for r in requests if r.key not in self.tape.opened]
        if any(r.mode is ParallelMode.WAIT for r in opened):
            new = [r for r in new if r.mode is ParallelMode.RACE]
        if not new:
            self.rest()
        is_wait = all(r.mode is ParallelMode.WAIT for r in new)
        if is_wait and self.tape.opened:
            # Racers of an earlier group are open, so the count of open steps is not this wave's:
            # each step that ends wakes the run, and the group finds out when its own are done.
            new = [replace(request, mode=ParallelMode.RACE) for request in new]
        self._plan(new, park=self.options.strict or not is_wait or bool(self.tape.opened))
        self._help(run_targets, len(new))
        self._join()

    def rest(self) -> None:
        """Park until one of the planned steps has ended; always raises Parked."""
        self._park()
        raise Parked(0.0)

    @contextmanager
    def thread(self) -> Iterator[None]:
        """Close the connections of a thread when its work is done."""
        try:
            yield
        finally:
            connections.close_all()

    def _judge(self, ran: Ran) -> Result:
        return judge(ran, self.tries.get(ran.request.key, 0), self.options.policy)

    def _note(self, results: Sequence[Result]) -> None:
        for result in results:
            key = result.request.key
            self.count += key not in self.tries
            if result.is_final:
                self.tries.pop(key, None)
            else:
                self.tries[key] = result.attempt + 1
            if result.failure is not None:
                self._tell(result)
        if self.run.attempt and any(result.is_final for result in results):
            self.store.runs.settle_attempt(self.run)
            self.run = replace(self.run, attempt=0)

    def _weigh(self, memos: Iterable[Memo]) -> None:
        self.size += sum(memo.size for memo in memos)
        check_size(self.run.function, self.size)

    def _tell(self, result: Result) -> None:
        signals.attempt_failed.send_robust(
            sender=None,
            run_id=self.run.id,
            function=self.run.function,
            step=result.request.title,
            attempt=result.attempt,
            failure=result.failure,
            retry_in=result.retry_in,
        )

    def _plan(self, requests: Sequence[Request], *, park: bool) -> None:
        check_transaction(self.store, self.depth, requests[0])
        check_steps(self.run.function, self.count + len(requests), requests[-1])
        wave = self.store.steps.plan(self.run, requests, park=park)
        self.run = replace(self.run, wave=wave, attempt=0)
        self.count += len(requests)
        for request in requests:
            self.tape.opened.add(request.key)
            self.tape.know(request.key, request.branch)
        wake(min(len(requests) - (not park), self.workers))
        if park:
            raise Parked(is_released=True)

    def _help(self, run_targets: RunTargets, size: int) -> None:
        pace = Pace(first_share(size, self.workers))
        while claims := self._claim(max(pace.size, self.options.threads)):
            begun = time.monotonic()
            batch = Batch(self.store, claims, self.run.function, self.options.policy)
            with held.batch(claims):
                self._batch = batch
                self.tape.tries |= batch.tries
                self.tape.targets = batch.keys
                errors = run_targets()
                for key, error in errors.items():
                    batch.fail([key], Failure.of(error))
                batch.miss(self.tape.targets - set(errors), self.tape.misuse)
                batch.flush()
            pace.adapt(time.monotonic() - begun)
            self.tape.targets = self._batch = None

    def _claim(self, limit: int) -> list[StepClaim]:
        if pulse.is_stopping():
            return []
        return self.store.steps.claim(self.owner, limit, self.run.id)

    def _join(self) -> None:
        """Wait a little for steps that others run; go on with the results, or park."""
        deadline = time.monotonic() + STRAGGLERS
        while self.store.runs.count_pending(self.run):
            if time.monotonic() >= deadline:
                self._park()
                break
            time.sleep(_LOOK)
        history = self.store.steps.history(self.run.id, wave=self.run.wave)
        raise_if_fatal(history)
        self._weigh(history.memos.values())
        self.tape.learn(history.memos.values())

    def _park(self) -> None:
        """Park, unless the wave has joined meanwhile."""
        if self.store.runs.park(self.run):
            raise Parked(is_released=True)
        if self.store.runs.count_pending(self.run):
            raise Parked(0.0)
