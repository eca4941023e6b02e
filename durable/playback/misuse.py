"""What is said of steps that are called where they cannot be durable."""

from __future__ import annotations

from durable.errors import (
    InterruptSwallowedError,
    NestedStepError,
    StepNotAwaitedError,
    StepOutsideRunError,
    StepUnexpectedError,
)


def swallowed(title: str, then: str) -> InterruptSwallowedError:
    """Say that user code caught a signal."""
    return InterruptSwallowedError(
        f"The code around step {title!r} caught the signal that ends a call of the function {then}, "
        "so the run would not be durable. Catch Exception there, not BaseException or "
        "asyncio.CancelledError, and keep steps out of bare except and finally blocks."
    )


def given_up(title: str) -> StepUnexpectedError:
    """Say that a step is asked for again that was given up."""
    return StepUnexpectedError(
        f"Step {title!r} was given up by an earlier call of the function, and this call waits for it: "
        "what the function does between steps must depend on steps' results and the event only."
    )


def another_kind(title: str, known: str, asked: str) -> StepUnexpectedError:
    """Say that a step's id is another kind of step's in the history."""
    return StepUnexpectedError(
        f"Step {title!r} is {_KINDS[known]} in the history of this run, and the code now asks for "
        f"{_KINDS[asked]} of that id. Deploy code in which the new step has an id of its own, and "
        "then: manage.py durable_retry"
    )


_KINDS = {
    "run": "a step with a body",
    "child": "a step with a body",
    "sleep": "a sleep",
    "wait": "a wait for an event",
    "invoke": "an invocation",
    "send": "a sending of events",
}


def nested(title: str, outer: str) -> NestedStepError:
    """Say that a step was called in the body of another."""
    return NestedStepError(
        f"Nested steps are not supported: {title!r} was called inside the body of step {outer!r}. "
        "Call it from the function itself, before or after that step."
    )


def outside(title: str) -> StepOutsideRunError:
    """Say that a step was called where nobody can tell where it stands."""
    return StepOutsideRunError(
        f"Step {title!r} was called outside of its run: after the function had ended, or from a "
        "thread or another run. Call steps from the function's own thread and tasks."
    )


def not_awaited(title: str, then: str) -> StepNotAwaitedError:
    """Say that a step or a group was called and left behind."""
    return StepNotAwaitedError(
        f"{title} was called but never awaited, so nothing of it was done. "
        f"Write `await` in front of the call.{then}"
    )
