"""Checking the arguments authors give, with errors that name them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from durable.errors import FunctionConfigInvalidError, StepMisuseError
from durable.expressions.expression import parse


def expect(where: str, name: str, value: Any, *kinds: type) -> None:
    """Raise unless `value` is of one of the kinds; a bool is no int here.

    Raises:
        FunctionConfigInvalidError: names the place, the argument, and what it was given.
    """
    is_sneaky_bool = isinstance(value, bool) and bool not in kinds
    if isinstance(value, kinds) and not is_sneaky_bool:
        return
    wanted = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
    raise FunctionConfigInvalidError(
        f"{where}: {name} must be {wanted}, not {value!r} ({type(value).__name__})."
    )


def as_tuple(function: str, name: str, value: Any) -> tuple[Any, ...]:
    """Return a list or tuple as a tuple, None as an empty one."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise FunctionConfigInvalidError(
            f"function {function!r}: {name} must be a list, not {value!r:.80}. Write {name}=[…]."
        )
    return tuple(value)


def expect_range(where: str, name: str, value: int, least: int, most: int) -> None:
    """Raise unless least <= value <= most."""
    if not least <= value <= most:
        raise FunctionConfigInvalidError(
            f"{where}: {name} must be from {least} to {most}, not {value}."
        )


def expect_duration(where: str, name: str, value: int | timedelta | None) -> None:
    """Raise unless `value` is None, or milliseconds or a timedelta of whole seconds, one at least."""
    expect(where, name, value, int, timedelta, type(None))
    if value is None:
        return
    milliseconds = value if isinstance(value, int) else value / timedelta(milliseconds=1)
    if milliseconds < 1000 or milliseconds % 1000:
        raise FunctionConfigInvalidError(
            f"{where}: {name} must be whole seconds, one at least, not {value!r}. "
            "An int counts milliseconds."
        )


def check_branches(name: str, callables: object, at_least: int = 0) -> None:
    """Raise unless these are the branches of a group.

    Raises:
        StepMisuseError: names the method, and what it was given.
    """
    if not isinstance(callables, tuple | list):
        text = f"{name} takes a tuple of functions, not {type(callables).__name__}."
        if callable(callables):
            text += f" Put them into parentheses of their own: ctx.{name}((first, second))."
        raise StepMisuseError(text)
    if len(callables) < at_least:
        raise StepMisuseError(f"{name} takes {at_least} function or more, not {len(callables)}.")
    for number, branch in enumerate(callables):
        if not callable(branch):
            raise StepMisuseError(
                f"{name}: branch {number} is not a function but {branch!r:.80}. "
                "Wrap the step: lambda: ctx.step.run(…), or functools.partial."
            )


def expect_expression(where: str, name: str, value: str | None, roots: tuple[str, ...]) -> None:
    """Raise unless `value` is None, or an expression that uses no other names than these.

    Raises:
        ExpressionInvalidError: shows the place.
    """
    expect(where, name, value, str, type(None))
    if value is not None:
        parse(value, what=f"{where}: {name}", roots=roots)
