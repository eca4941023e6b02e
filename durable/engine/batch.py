"""The results of planned steps, recorded together."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from threading import Lock

from durable import signals
from durable.engine import rehearsal
from durable.engine.atomic import atomically
from durable.engine.ending import request_of
from durable.engine.limits import check_body
from durable.engine.mismatch import unexpected
from durable.engine.pace import LONG, learn
from durable.engine.verdict import judge
from durable.playback.body import Ran
from durable.playback.failure import Failure, found
from durable.playback.limited import Limited
from durable.playback.memo import Memo
from durable.playback.request import ParallelMode, Request
from durable.playback.retry import RetryPolicy
from durable.playback.tape import Tape
from durable.store import Store
from durable.store.rows import Flush, Result, StepClaim
from durable.wake import wake, wake_in

HOLD = 0.025  # seconds of finished work that may wait for company


class Batch:
    """Planned steps claimed together, of one run. Threads may share it.

    Args:
        store: where the run is.
        claims: the steps.
        function: the id of the run's function.
        policy: of its retries.
        is_serial: whether their bodies run one after the other.
    """

    def __init__(
        self,
        store: Store,
        claims: Iterable[StepClaim],
        *,
        function: str,
        policy: RetryPolicy,
        is_serial: bool,
    ) -> None:
        self.store = store
        self.claims = {claim.key: claim for claim in claims}
        self.function = function
        self.policy = policy
        self.is_serial = is_serial
        self.memos: list[Memo] = []  # what was recorded for good
        self._spent = 0.0  # seconds in bodies
        self._is_outrun = False  # a result came too late
        self._results: list[tuple[StepClaim, Result]] = []
        self._since = 0.0
        self._answered: set[str] = set()
        self._lock = Lock()

    @property
    def keys(self) -> set[str]:
        """The steps of the batch."""
        return set(self.claims)

    @property
    def tries(self) -> dict[str, int]:
        """The failed tries of each step before this one."""
        return {key: claim.attempt for key, claim in self.claims.items()}

    def keep(self, request: Request, run: Callable[[], Ran], depth: int) -> Collection[str]:
        """Run a step and take its result; record it now if it cannot wait for company.

        Args:
            request: the step.
            run: its body.
            depth: of the transactions that may be open when it has ended.

        Returns:
            Steps of the batch that are not to be run here any more.
        """
        begun = time.monotonic()
        if request.work.is_atomic:
            self._keep_atomically(request, run)
            taken = time.monotonic() - begun
        else:
            ran = run()
            check_body(self.store, depth, request)
            self._keep(ran)
            taken = ran.seconds  # without the writing, which is not done for each
        learn(request.work.call, taken)
        self._spent += taken
        if self._is_outrun:
            return self._drop_lost()
        return self._give_up() if self.is_serial and self._spent > LONG else ()

    def _keep(self, ran: Ran) -> None:
        claim = self.claims[ran.request.key]
        waited = self._add(claim, judge(ran, claim.attempt, self.policy))
        is_race = claim.mode == ParallelMode.RACE
        if is_race or ran.seconds >= HOLD or waited >= HOLD:
            self.flush()

    def _keep_atomically(self, request: Request, run: Callable[[], Ran]) -> None:
        self.flush()  # what was kept before is not to share the fate of this one
        claim = self.claims[request.key]
        self._answered.add(request.key)
        self._is_outrun = True
        with suppress(_OutrunError):
            result, flush = atomically(
                self.store,
                run,
                judge=lambda ran: judge(ran, claim.attempt, self.policy),
                write=lambda result: self._write(claim, result),
            )
            self._is_outrun = False
            self._tell([(claim, result)], flush)

    def _write(self, claim: StepClaim, result: Result) -> Flush:
        flush = self._put([(claim, result)])
        if not flush.written:
            raise _OutrunError
        return flush

    def _give_up(self) -> Collection[str]:
        """Leave what has not begun to others: this took longer than was to be expected."""
        left = self.unanswered
        if left:
            self._hand_over(left)
        for claim in left:
            del self.claims[claim.key]
        return [claim.key for claim in left]

    def _hand_over(self, claims: Sequence[StepClaim]) -> None:
        self.store.steps.give_back(claims)
        wake(len(claims))

    def _drop_lost(self) -> Collection[str]:
        """Forget what is no longer held: the run has ended, or others have taken it over."""
        self._is_outrun = False
        left = self.unanswered
        held = self.store.steps.held(left)
        lost = [claim.key for claim in left if claim.id not in held]
        for key in lost:
            del self.claims[key]
        return lost

    def fail(self, keys: Iterable[str], failure: Failure) -> None:
        """Have steps fail whose bodies did not run."""
        for key in keys:
            if key in self._answered:
                continue  # its thread was left behind
            claim = self.claims[key]
            ran = Ran(request=self._request(claim), failure=failure)
            self._add(claim, judge(ran, claim.attempt, self.policy))

    def _request(self, claim: StepClaim) -> Request:
        """Return what says which step a claim is of, though its body did not run."""
        return request_of(claim)

    def miss(self, keys: Collection[str], tape: Tape) -> None:
        """Have steps fail that the function did not come to again, in a call over this tape."""
        for key in sorted(keys):
            claim = self.claims[key]
            self.fail(
                [key], found(tape.misuse or unexpected(self.store, claim, self.function, tape))
            )

    def time_out(self, limited: Limited) -> None:
        """Have a step fail whose body hangs."""
        claim = self.claims[limited.request.key]
        self._add(claim, judge(limited.ran, claim.attempt, self.policy))
        self.flush()

    def flush(self) -> None:
        """Record what was kept."""
        with self._lock:
            results, self._results = self._results, []
            flush = self._put(results)
        self._is_outrun |= len(flush.written) < len(results)
        self._tell(results, flush)

    def _put(self, results: Sequence[tuple[StepClaim, Result]]) -> Flush:
        """Write results down, each under its claim; say which of them were."""
        return self.store.steps.flush(results)

    def _tell(self, results: Sequence[tuple[StepClaim, Result]], flush: Flush) -> None:
        self.memos += [result.memo for _, result in flush.written if result.is_final]
        for claim, result in results:
            if result.failure is not None:
                _tell(claim, result, self.function)
            if result.retry_in is not None:
                wake_in(result.retry_in)
        if flush.woken:
            wake(flush.woken)
        for _, result in results:
            rehearsal.recorded(self.function, result.request)

    @property
    def unanswered(self) -> list[StepClaim]:
        """Claims of which nothing was recorded."""
        return [claim for key, claim in self.claims.items() if key not in self._answered]

    def _add(self, claim: StepClaim, result: Result) -> float:
        """Keep a result; return for how many seconds the oldest has been kept."""
        with self._lock:
            if not self._results:
                self._since = time.monotonic()
            self._results.append((claim, result))
            self._answered.add(claim.key)
            return time.monotonic() - self._since


class _OutrunError(Exception):
    """Somebody else holds the step now: what its body wrote is rolled back."""


def _tell(claim: StepClaim, result: Result, function: str) -> None:
    signals.attempt_failed.send_robust(
        sender=None,
        run_id=claim.run,
        function=function,
        step=claim.name,
        attempt=result.attempt,
        failure=result.failure,
        retry_in=result.retry_in,
    )
