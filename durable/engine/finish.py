"""The end of a run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from durable import clock, signals
from durable.conf import conf
from durable.engine.aftermath import End, conclude
from durable.engine.cancelling import forget_cancels
from durable.engine.verdict import delay, encoded
from durable.engine.words import took
from durable.errors import LimitExceededError, OutputUnserializableError
from durable.models import Run, RunStatus
from durable.playback.failure import Failure, found
from durable.playback.retry import RetryPolicy
from durable.store import Store
from durable.store.rows import RunClaim
from durable.typed.output import OutputType
from durable.wake import wake_in


def complete(
    store: Store,
    run: RunClaim,
    value: Any,
    *,
    close_steps: bool,
    output_type: OutputType | None = None,
) -> None:
    """End a run with what its function returned; or as failed, if that is not JSON, or not of its type."""
    try:
        output = encoded(value, f"the result of function {run.function!r}", output_type)
    except (OutputUnserializableError, LimitExceededError) as error:
        fail(store, run, found(error), close_steps=close_steps)
        return
    status = RunStatus.COMPLETED
    write = partial(store.runs.finish, run, status, output=output, close_steps=close_steps)
    if conclude(store, End(run=run, status=status, output=output), write):
        forget_cancels(store, run.id, run.function)
        _tell(store, run, RunStatus.COMPLETED, None)


def fail_or_retry(
    store: Store, run: RunClaim, failure: Failure, policy: RetryPolicy, *, close_steps: bool
) -> None:
    """The function's own code raised: try it again later, or end the run."""
    retry_in = delay(policy, failure, run.attempt)
    if retry_in is None:
        fail(store, run, failure, close_steps=close_steps)
        return
    if not store.runs.retry(run, failure, run.attempt, retry_in, retries=policy.retries):
        return
    wake_in(retry_in)
    signals.attempt_failed.send_robust(
        sender=None,
        run_id=run.id,
        function=run.function,
        step="",
        attempt=run.attempt,
        failure=failure,
        retry_in=retry_in,
    )


def fail(
    store: Store,
    run: RunClaim,
    failure: Failure,
    *,
    close_steps: bool,
    though_released: bool = False,
) -> None:
    """End a run as failed; with `though_released` also one that was given back meanwhile."""
    write = partial(
        store.runs.finish,
        run,
        RunStatus.FAILED,
        failure=failure,
        attempt=run.attempt,
        close_steps=close_steps,
        though_released=though_released,
    )
    if conclude(store, End(run=run, status=RunStatus.FAILED, failure=failure), write):
        forget_cancels(store, run.id, run.function)
        _tell(store, run, RunStatus.FAILED, failure)


def lost(crashes: int, reached: str = "") -> Failure:
    """Describe work that kills whoever takes it, and say how far it had come."""
    return Failure(
        code="worker_lost",
        name="WorkerLost",
        message=f"{crashes} workers were lost, or met an unexpected error, while they were at this "
        f"piece of work (DURABLE['MAX_CRASHES'] is {conf.MAX_CRASHES}). It may exhaust memory or crash "
        f"the interpreter; the workers' logs may tell.{reached}",
        is_retriable=False,
    )


def internal(error: Exception, crashes: int) -> Failure:
    """Describe an error that is none of the function's own, and came at every try."""
    kept = Failure.of(error)
    return replace(
        kept,
        code="internal_error",
        name="InternalError",
        message=f"An error inside durable, not in the function: {kept.name}: {kept.message}. It is the "
        f"last of {crashes} tries that came to nothing (DURABLE['MAX_CRASHES'] is {conf.MAX_CRASHES}); "
        "the workers' logs (logger durable.engine) have the whole of it.",
        is_retriable=False,
    )


def _tell(store: Store, run: RunClaim, status: str, failure: Failure | None) -> None:
    if run.step:
        return  # its parent's step has ended, no run of the function
    signals.run_finished.send_robust(
        sender=None,
        run_id=run.id,
        function=run.function,
        status=status,
        failure=failure,
        took=partial(took_of, store, run.id),
    )


def took_of(store: Store, run: UUID) -> str:
    """Say how long a run took that has ended."""
    times = Run.objects.using(store.alias).values_list("started", "ended")
    return took(*times.get(pk=run), clock.now())
