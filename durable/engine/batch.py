"""The results of planned steps, recorded together."""

from __future__ import annotations

import time
from collections.abc import Iterable
from threading import Lock

from durable import signals
from durable.engine.verdict import judge
from durable.errors import DurableError, StepUnexpectedError
from durable.replay.body import Ran
from durable.replay.failure import Failure, found
from durable.replay.request import ParallelMode, Request
from durable.replay.retry import RetryPolicy
from durable.store import Store
from durable.store.rows import Result, StepClaim
from durable.wake import wake, wake_in

HOLD = 0.010  # seconds of finished work that may wait for company


class Batch:
    """Planned steps claimed together, of one run. Threads may share it."""

    def __init__(
        self, store: Store, claims: Iterable[StepClaim], function: str, policy: RetryPolicy
    ) -> None:
        self.store = store
        self.claims = {claim.key: claim for claim in claims}
        self.function = function
        self.policy = policy
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

    def keep(self, ran: Ran) -> None:
        """Take the result of a step; record it now if it cannot wait for company."""
        claim = self.claims[ran.request.key]
        waited = self._add(claim, judge(ran, claim.attempt, self.policy))
        is_race = claim.mode == ParallelMode.RACE
        if is_race or ran.seconds >= HOLD or waited >= HOLD:
            self.flush()

    def fail(self, keys: Iterable[str], failure: Failure) -> None:
        """Have steps fail whose bodies did not run."""
        for key in keys:
            claim = self.claims[key]
            ran = Ran(request=_request(claim), failure=failure)
            self._add(claim, judge(ran, claim.attempt, self.policy))

    def miss(self, keys: Iterable[str], why: DurableError | None) -> None:
        """Have steps fail that the function did not come to again."""
        for key in sorted(keys):
            self.fail([key], found(why or _unexpected(self.claims[key], self.function)))

    def flush(self) -> None:
        """Record what was kept."""
        with self._lock:
            results, self._results = self._results, []
            woken = self.store.steps.flush(results) if results else 0
        for claim, result in results:
            if result.failure is not None:
                _tell(claim, result, self.function)
            if result.retry_in is not None:
                wake_in(result.retry_in)
        if woken:
            wake(woken)

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


def _request(claim: StepClaim) -> Request:
    return Request(
        key=claim.key,
        name=claim.name,
        index=0,
        branch="",
        mode=ParallelMode(claim.mode),
        body=_request,
        args=(),
    )


def _unexpected(claim: StepClaim, function: str) -> StepUnexpectedError:
    return StepUnexpectedError(
        f"Step {claim.name!r} of function {function!r} was planned, but the function did not come "
        "to it again: what it does between steps must depend on steps' results and the event "
        "only, and a deploy must not remove a step that is planned."
    )
