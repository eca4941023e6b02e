"""Checking the arguments authors give, with errors that name them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from durable.errors import FunctionConfigInvalidError


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
