"""Judging an execution: encode its result, or decide whether there is another try."""

from __future__ import annotations

import inspect
import random
from dataclasses import replace
from typing import Any

from durable import clock, codec
from durable.conf import conf
from durable.errors import LimitExceededError, OutputUnserializableError, StepMisuseError
from durable.playback.body import Ran
from durable.playback.failure import Failure, found
from durable.playback.retry import RetryPolicy
from durable.store.rows import Result
from durable.typed.output import OutputType


def judge(ran: Ran, attempt: int, policy: RetryPolicy) -> Result:
    """Say what is to be recorded of one execution of a step's body."""
    own = ran.request.work.retries
    policy = policy if own is None else replace(policy, retries=own)
    output, failure = None, ran.failure or _not_awaited(ran)
    if failure is None:
        try:
            output_type = ran.request.work.output_type
            output = encoded(ran.value, f"the result of step {ran.request.title!r}", output_type)
        except (OutputUnserializableError, LimitExceededError) as error:
            failure = found(error)
    return Result(
        request=ran.request,
        attempt=attempt,
        seconds=ran.seconds,
        ended=ran.ended,
        given=ran.given,
        output=output,
        failure=failure,
        retry_in=delay(policy, failure, attempt) if failure else None,
        retries=policy.retries,
    )


def _not_awaited(ran: Ran) -> Failure | None:
    if not inspect.iscoroutine(ran.value):
        return None
    ran.value.close()
    if ran.request.work.is_atomic:
        return found(
            StepMisuseError(
                f"Step {ran.request.title!r}: an atomic step needs a plain handler, and this one returned "
                "a coroutine: a transaction belongs to one thread. Write it with the sync ORM."
            )
        )
    return found(
        StepMisuseError(
            f"Step {ran.request.title!r}: the handler returned a coroutine, but the function is not "
            "async, so nobody awaits it. Make the function async def and await the step."
        )
    )


def delay(policy: RetryPolicy, failure: Failure, attempt: int) -> float | None:
    """Return the seconds until the next try, None when there is none."""
    dice = random.random
    return policy.delay(failure, attempt, now=clock.now(), dice=dice)


def encoded(value: Any, what: str, output_type: OutputType | None = None) -> str:
    """Return the JSON text of a result, which is of a type if one is given.

    Raises:
        OutputUnserializableError, LimitExceededError: it cannot be stored.
    """
    if output_type is not None:
        value = output_type.dump(value, what)
    limit = conf.MAX_STEP_BYTES
    return codec.encode(
        value, what=what, limit=limit, setting="MAX_STEP_BYTES", depth=conf.MAX_DEPTH
    )
