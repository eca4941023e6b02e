"""Every exception a user of durable can meet.

DurableError
├── FunctionConfigInvalidError     a create_function argument is wrong
├── FunctionNotFoundError          no function is registered under that id
├── SettingInvalidError            the DURABLE setting is wrong
├── EventInvalidError              an event cannot be accepted
├── ExpressionInvalidError         a condition on events cannot be read
├── ExpressionFailedError          a condition cannot be computed with these events
├── DurationInvalidError           a span or a moment is wrong, or too far away
├── OutputUnserializableError      a value is not plain JSON, or not of its output_type
├── OutputMismatchError            a recorded value does not fit its output_type any more
├── LimitExceededError             a value or a run is larger than a limit
├── NonRetriableError              raise it: do not try again
├── RetryAfterError                raise it: try again then
├── StepError                      a step failed for good
├── StepTimeoutError               a try of a step took too long
├── RunNotFoundError               there is no such run
├── RunFailedError                 a run whose result was asked for has failed
├── RunCancelledError              a run whose result was asked for was cancelled
├── RunStateError                  a run is not where this could be done with it
├── StepNotFoundError              a run has no such step
├── WaitInTransactionError         a transaction is open in which nobody should wait for a run
└── StepMisuseError                a step was called in a way that cannot be durable
    ├── NestedStepError            a step inside the body of another step
    ├── StepOutsideRunError        a step called when its run is not executing it
    ├── StepNotAwaitedError        an async step was called and never awaited
    ├── StepUnexpectedError        a planned step was not reached again
    └── InterruptSwallowedError    user code caught the signal that parks a run
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from durable import clock


class DurableError(Exception):
    """Base of all errors of this package. `code` is stable and meant for programs."""

    code = "unknown"
    is_retriable = True


class FunctionConfigInvalidError(DurableError):
    """An argument of `create_function`, a trigger or a config object is wrong. Fix the definition."""

    code = "function_config_invalid"
    is_retriable = False


class FunctionNotFoundError(DurableError):
    """No function is registered under this id. Check the id and that its module is imported."""

    code = "function_not_found"
    is_retriable = False


class SettingInvalidError(DurableError):
    """The `DURABLE` setting has an unknown name or a wrong value."""

    code = "setting_invalid"
    is_retriable = False


class EventInvalidError(DurableError):
    """An event was refused: nothing of the batch was stored. `field` names the culprit."""

    code = "event_invalid"
    is_retriable = False

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.field = field


class ExpressionInvalidError(DurableError):
    """A condition on events cannot be read. The message shows it, and what was expected where.

    `expression` is its text, `position` the place of the culprit, counted from 0.
    """

    code = "expression_invalid"
    is_retriable = False

    def __init__(self, message: str, *, expression: str = "", position: int = 0) -> None:
        super().__init__(message)
        self.expression = expression
        self.position = position


class ExpressionFailedError(DurableError):
    """A condition cannot be computed with these events: it would take too many steps, mostly."""

    code = "expression_failed"
    is_retriable = False


class DurationInvalidError(DurableError):
    """A span of time, or a moment, is wrong or more than 366 days away. The message names it."""

    code = "duration_invalid"
    is_retriable = False


class OutputUnserializableError(DurableError):
    """A value cannot be stored as JSON. `path` names the place, `$.user.joined` for example."""

    code = "output_unserializable"
    is_retriable = False

    def __init__(self, message: str, *, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class OutputMismatchError(DurableError):
    """What is recorded does not fit the `output_type` of today's code. `path` names the place.

    The run fails with it, and no code of the function can catch it. What was recorded stays: deploy a
    type that it fits, and retry the run.
    """

    code = "output_mismatch"
    is_retriable = False

    def __init__(self, message: str, *, path: str = "$") -> None:
        super().__init__(message)
        self.path = path


class LimitExceededError(DurableError):
    """A value, or a run, is larger than a limit. `setting` names the entry of `DURABLE` to raise."""

    code = "limit_exceeded"
    is_retriable = False

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting


class NonRetriableError(DurableError):
    """Raise it in a step or a function: trying again is useless, fail now.

    Args:
        message: what went wrong, for people.
        quiet: do not log this failure as an error.
    """

    code = "non_retriable_error"
    is_retriable = False

    def __init__(self, message: str | None = None, quiet: bool = False) -> None:
        super().__init__(message or "")
        self.quiet = quiet


class RetryAfterError(DurableError):
    """Raise it in a step or a function: try again, but not before a given time.

    Args:
        message: what went wrong, for people.
        retry_after: milliseconds, a timedelta, or an aware datetime. Kept within one second and 24 hours.
        quiet: do not log this failure as an error.
    """

    code = "retry_after_error"

    def __init__(
        self, message: str | None, retry_after: int | timedelta | datetime, quiet: bool = False
    ) -> None:
        super().__init__(message or "")
        self.retry_after = _moment(retry_after)
        self.quiet = quiet


class StepError(DurableError):
    """A step failed for good, or the function it invoked did. Raised where the step was called.

    `message`, `name` and `stack` are those of the original error; `code` tells what kind it was.
    """

    code = "step_errored"
    is_retriable = False

    def __init__(
        self, message: str, name: str, stack: str | None = None, code: str = "step_errored"
    ) -> None:
        super().__init__(message)
        self.message = message
        self.name = name
        self.stack = stack
        self.code = code


class StepTimeoutError(DurableError):
    """A try of a step took longer than the `timeout=` of its `step.run`. It is tried again as any failure is."""

    code = "step_timeout"


class RunNotFoundError(DurableError):
    """There is no run with this id."""

    code = "run_not_found"
    is_retriable = False


class RunFailedError(DurableError):
    """A run whose result was asked for has failed: `message`, `name` and `stack` are of its error."""

    code = "run_failed"
    is_retriable = False

    def __init__(self, message: str, name: str, stack: str | None = None, *, run: str = "") -> None:
        super().__init__(f"Run {run} failed with {name}: {message}" if run else message)
        self.message = message
        self.name = name
        self.stack = stack


class RunCancelledError(DurableError):
    """A run whose result was asked for was cancelled. The message says why."""

    code = "run_cancelled"
    is_retriable = False


class RunStateError(DurableError):
    """A run is not where this could be done with it: only what has failed can be retried."""

    code = "run_state"
    is_retriable = False


class StepNotFoundError(DurableError):
    """A run has no such step. The message lists those it has."""

    code = "step_not_found"
    is_retriable = False


class WaitInTransactionError(DurableError):
    """A transaction is open in which nobody should wait for a run. Wait after its end."""

    code = "wait_in_transaction"
    is_retriable = False


class StepMisuseError(DurableError):
    """A step was called in a way that cannot be durable. The message says how to write it instead."""

    code = "step_misused"
    is_retriable = False


class NestedStepError(StepMisuseError):
    """A step or a group was called inside the body of another step."""

    code = "step_nested"


class StepOutsideRunError(StepMisuseError):
    """A step was called after its run had ended, or from a thread or task that is not the run's."""

    code = "step_outside_run"


class StepNotAwaitedError(StepMisuseError):
    """An async step was called and its result never awaited, so its body never ran."""

    code = "step_not_awaited"


class StepUnexpectedError(StepMisuseError):
    """A planned step was not reached again when its turn came: the code took another way."""

    code = "step_unexpected"


class InterruptSwallowedError(StepMisuseError):
    """User code caught the signal by which a run is parked, so the run would not be durable."""

    code = "interrupt_swallowed"


def _moment(retry_after: int | timedelta | datetime) -> datetime:
    if isinstance(retry_after, bool) or not isinstance(retry_after, int | timedelta | datetime):
        raise TypeError(
            "RetryAfterError: retry_after must be milliseconds, a timedelta or a datetime, "
            f"not {type(retry_after).__name__}"
        )
    if isinstance(retry_after, datetime):
        return retry_after.astimezone(UTC)
    if isinstance(retry_after, int):
        retry_after = timedelta(milliseconds=retry_after)
    return clock.now() + retry_after
