"""Planned steps that nobody has to do: they end when their time has come, without a replay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from durable.engine.deliver import deliver, expire
from durable.engine.ending import end, ended
from durable.playback.failure import Failure
from durable.playback.memo import Memo
from durable.store import Store
from durable.store.rows import StepClaim

TIMED_OUT = Failure(
    code="step_errored",
    name="InngestInvokeTimeoutError",
    message="Timed out waiting for invoked function to complete",
    is_retriable=False,
)


def ring(store: Store, claims: Iterable[StepClaim]) -> Sequence[Memo]:
    """End claimed steps whose time has come; return what is remembered of them.

    Events that came in before are handed out first: when nobody was there for a while, what came in time
    must not lose to a time that was over later. What an event has ended is not ended here.
    """
    claims = list(claims)
    if not claims:
        return []
    deliver(store)
    sleeps = [claim for claim in claims if claim.op == "sleep"]
    waits = [claim for claim in claims if claim.op == "wait"]
    calls = [claim for claim in claims if claim.op == "invoke"]
    ends = [(claim, ended(claim)) for claim in sleeps]
    ends += [(claim, ended(claim, failure=TIMED_OUT)) for claim in calls]
    return [*end(store, ends), *expire(store, waits)]
