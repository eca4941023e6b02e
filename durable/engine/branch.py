"""A branch: a run that does one planned step of another, and ends that step with its own end."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from django.db import transaction

from durable.authoring.function import Function
from durable.engine import tracing
from durable.engine.aftermath import End, conclude
from durable.engine.batch import Batch
from durable.engine.call import events_of
from durable.engine.cancel import end_early
from durable.engine.options import Options
from durable.engine.target import run_targets
from durable.models import Run, RunStatus, Step, StepStatus
from durable.playback.interrupt import Fenced
from durable.playback.keys import step_key
from durable.store import Store
from durable.store.executor import repeat
from durable.store.outside import NOT_NEEDED
from durable.store.rows import EMPTY, Flush, Result, RunClaim, StepClaim


def drive_branch(store: Store, run: RunClaim, function: Function) -> None:
    """Do the step that a run was made for, by a call of its parent's function over its parent's history."""
    steps = Step.objects.using(store.alias).select_related("run__event")
    step = steps.filter(run=run.parent, key=run.parent_key, status=StepStatus.PENDING).first()
    if step is None:
        end_early(store, Run.objects.using(store.alias).get(pk=run.id), NOT_NEEDED)
        return
    before = store.steps.history(step.run_id, before=step.wave)
    tries = (EMPTY if run.claim == 1 else store.steps.history(run.id)).tries
    tried = max((one.attempt for one in tries.values()), default=0)
    batch = _Branch(store, run, step, tried, Options.of(function))
    with tracing.assisting(step.run, step.run.event):
        run_targets(
            batch,
            batch.keys,
            function,
            step.run_id,
            events_of(step.run.event),
            dict(before.memos),
            before.branches,
        )
        batch.flush()


class _Branch(Batch):
    """The one step of a branch: what comes of it is recorded with the branch's own run.

    Args:
        store: where both are.
        run: the branch, as it is held.
        step: of its parent.
        tried: the failed tries before.
        options: of the function.
    """

    def __init__(
        self, store: Store, run: RunClaim, step: Step, tried: int, options: Options
    ) -> None:
        claim = StepClaim(
            id=step.pk,
            run=step.run_id,
            key=step.key,
            name=step.name,
            branch=step.branch,
            claim=step.claim,
            attempt=tried,
            crashes=0,
            wave=step.wave,
            mode=step.mode,
            op=step.op,
        )
        super().__init__(
            store, [claim], function=run.function, policy=options.policy, is_serial=True
        )
        self.run = run
        self.step = step

    def _put(self, results: Sequence[tuple[StepClaim, Result]]) -> Flush:
        written = [pair for pair in results if self._write_down(self._own(pair[1]))]
        return Flush(written=written)

    def _own(self, result: Result) -> Result:
        """Describe the step as the only one of its run."""
        key, index = step_key(self.step.name, self.step.index, ""), self.step.index
        request = replace(result.request, key=key, index=index, branch="", group=None)
        return replace(result, request=request, given=self.step.given)

    def _write_down(self, result: Result) -> bool:
        """Record a try, or the end; False if the branch is no longer held."""
        if not result.is_final:
            return repeat(self.store.alias, partial(self._rest, result))
        end = End(
            run=self.run,
            status=RunStatus.FAILED if result.failure else RunStatus.COMPLETED,
            output=result.output,
            failure=result.failure,
            seconds=result.age + result.seconds,
        )
        return conclude(self.store, end, partial(self._end, end, result))

    def _rest(self, result: Result) -> bool:
        with suppress(Fenced), transaction.atomic(self.store.alias):
            self.store.steps.record(self.run, [result], self._tried(result))
            return self.store.runs.release(self.run, result.retry_in or 0.0)
        return False

    def _end(self, end: End, result: Result) -> bool:
        failure = result.failure and replace(result.failure, is_of_step=True)
        try:
            self.store.steps.record(self.run, [result], self._tried(result))
        except Fenced:
            return False
        return self.store.runs.finish(self.run, end.status, output=end.output, failure=failure)

    def _tried(self, result: Result) -> list[str]:
        """The step's key in the branch, if it has a row there."""
        return [result.request.key] if result.attempt else []
