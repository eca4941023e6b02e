"""Steps of a group that are known to be quick: done here and now, and recorded when they have ended.

A planned step is written three times: when it is planned, claimed and ended. Of a body that takes less
time than that nobody else needs to hear before it is over. What fails and is to be tried again, or is left
because a body took longer than was to be expected, is planned after all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from durable.engine.batch import Batch
from durable.engine.options import Options
from durable.engine.pace import expected, quick_share
from durable.playback.body import Ran
from durable.playback.given import given
from durable.playback.memo import Memo
from durable.playback.request import Request
from durable.playback.retry import RetryPolicy
from durable.store import Store
from durable.store.rows import Result, RunClaim, StepClaim


class Quick(Batch):
    """Steps that are held by the claim of their run.

    Args:
        store: where the run is.
        run: the claim it is held under.
        requests: the steps.
        policy: of their retries.
        record: writes down results that are final, and returns what is remembered of them.
    """

    def __init__(
        self,
        store: Store,
        run: RunClaim,
        requests: Iterable[Request],
        *,
        policy: RetryPolicy,
        record: Callable[[Sequence[Result]], list[Memo]],
    ) -> None:
        self._requests = {request.key: request for request in requests}
        self._record = record
        claims = [_claim(run, request) for request in self._requests.values()]
        super().__init__(store, claims, function=run.function, policy=policy, is_serial=True)
        self.failed: list[Result] = []  # to be tried again
        self._given: dict[str, str | None] = {}

    @property
    def left(self) -> list[Request]:
        """The steps whose bodies did not run."""
        return [r for key, r in self._requests.items() if key not in self._answered]

    def keep(self, request: Request, run: Callable[[], Ran], depth: int) -> Collection[str]:
        """Run a step and take its result, with what its body is given: no row has that yet."""
        self._given[request.key] = given(request)
        return super().keep(request, run, depth)

    def flush(self) -> None:
        """Record what is final."""
        kept, self._results = self._results, []
        self.failed += [result for _, result in kept if not result.is_final]
        if final := [result for _, result in kept if result.is_final]:
            self.memos += self._record([self._with_arguments(result) for result in final])

    def _request(self, claim: StepClaim) -> Request:
        return self._requests[claim.key]  # no row knows where it stands

    def _with_arguments(self, result: Result) -> Result:
        text = self._given.get(result.request.key)
        return result if text is None else replace(result, given=text)

    def _hand_over(self, claims: Sequence[StepClaim]) -> None:
        """Leave it to who drives the run to plan what is left."""


def first_quick(
    requests: list[Request], run: RunClaim, options: Options, tries: Collection[str]
) -> list[Request]:
    """Return the first steps of a group that are worth no row before they have ended.

    Args:
        requests: the steps.
        run: the claim it is held under. When it has lost a worker, each step has its row first: the
            next one that loses its worker is to be known.
        options: of its function.
        tries: keys of steps that failed in place before.
    """
    if run.crashes or options.threads > 1 or options.max_parallel is not None:
        return []
    if not all(request.is_plain_work and request.key not in tries for request in requests):
        return []
    seconds = expected(request.work.call for request in requests)
    return requests[: quick_share(len(requests), seconds)]


def _claim(run: RunClaim, request: Request) -> StepClaim:
    """Return the claim of a step that has no row."""
    return StepClaim(
        id=0,
        run=run.id,
        key=request.key,
        name=request.name,
        branch=request.branch,
        claim=run.claim,
        attempt=0,
        crashes=0,
        wave=run.wave,
        mode=request.mode.value,
        op=request.op,
    )
