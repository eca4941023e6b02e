"""What a step call that invokes a function asks for, or why it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from durable.authoring.asks import check_id
from durable.authoring.duration import duration
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.errors import StepMisuseError
from durable.playback.request import Invoke

Timeout = int | timedelta | str | None  # milliseconds, a span of time, "2h30m"; None is a year

YEAR = timedelta(days=365)


def invoke(
    step_id: str, function: object, data: Mapping[str, Any] | None, timeout: Timeout
) -> Invoke:
    """Check and return an invocation of a function at hand."""
    check_id(step_id)
    if not isinstance(function, Function):
        raise StepMisuseError(
            f"Step {step_id!r}: function must be what durable.create_function made, not "
            f"{function!r:.80}. For a function elsewhere use ctx.step.invoke_by_id."
        )
    return invoke_id(step_id, function.id, data, timeout)


def full_id(step_id: str, function_id: object, app_id: str | None, own: str) -> str:
    """Return the id under which a function of an app is known; of the own app, if none is named."""
    if not isinstance(function_id, str) or not function_id:
        raise StepMisuseError(
            f"Step {step_id!r}: function_id must be the id of a function, not {function_id!r:.80}."
        )
    app = own if app_id is None else app_id
    return f"{app}-{function_id}" if app else function_id


def invoke_id(
    step_id: str, function_id: str, data: Mapping[str, Any] | None, timeout: Timeout
) -> Invoke:
    """Check and return an invocation of a function by its whole id."""
    check_id(step_id)
    length = YEAR if timeout is None else duration(timeout, f"Step {step_id!r}: timeout")
    function = registry.functions.get(function_id)
    output_type = None if function is None else function.output
    return Invoke(function_id, data, length.total_seconds(), output_type)
