"""Ending planned steps without running them."""

from __future__ import annotations

from collections.abc import Sequence

from durable.playback.failure import Failure
from durable.playback.memo import Memo
from durable.playback.request import ParallelMode, Request, Work
from durable.store import Store
from durable.store.rows import Result, StepClaim
from durable.wake import wake


def end(store: Store, results: Sequence[tuple[StepClaim, Result]]) -> Sequence[Memo]:
    """Record ends, and wake whom they concern; return what is remembered of those still held."""
    if not results:
        return []
    flush = store.steps.flush(results)
    if flush.woken:
        wake(flush.woken)
    return [result.memo for _, result in flush.written]


def ended(
    claim: StepClaim,
    *,
    output: str | None = "null",
    failure: Failure | None = None,
    seconds: float = 0.0,
) -> Result:
    """Say that a step has ended with a result, or failed for good, after so many seconds."""
    return Result(
        request=request_of(claim),
        attempt=claim.attempt,
        seconds=seconds,
        output=None if failure else output,
        failure=failure,
    )


def request_of(claim: StepClaim) -> Request:
    """Return a request for a step whose body did not run."""
    return Request(
        key=claim.key,
        name=claim.name,
        index=0,
        branch="",
        mode=ParallelMode(claim.mode),
        what=Work(request_of),
    )
