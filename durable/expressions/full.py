"""The whole of CEL, by the package common-expression-language: the only file that knows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from durable.errors import ExpressionFailedError, ExpressionInvalidError, SettingInvalidError

MARK = "cel:"  # in front of a stored text that our own part of CEL cannot read
MISSING_PACKAGE = (
    "DURABLE['EXPRESSIONS'] is 'cel', but the package common-expression-language is not installed. "
    "Install django-durable-workflows[cel]."
)
_MOST_NESTED = 16  # the package's own recursion takes the process with it, on a small stack
_MOST_SIGNS = 300
_SIGNS = "+-*/%.?&|"
_OPENING, _CLOSING = "([{", ")]}"


def is_installed() -> bool:
    """Whether the package is there."""
    return find_spec("cel") is not None


def check(text: str, what: str, roots: tuple[str, ...]) -> None:
    """See that a text is CEL.

    Raises:
        ExpressionInvalidError: it is not, or is too much for the package.
        SettingInvalidError: the package is not installed.
    """
    if _nesting(text) > _MOST_NESTED or sum(map(text.count, _SIGNS)) > _MOST_SIGNS:
        problem = f"nested deeper than {_MOST_NESTED}, or has more than {_MOST_SIGNS} signs"
        raise ExpressionInvalidError(f"{what}: {text[:60]!r} … is {problem}.", expression=text)
    if "\0" in text:
        raise ExpressionInvalidError(f"{what} holds a NUL character.", expression=text)
    unknown = set(compiled(text, what).variables()) - set(roots)
    for name in sorted(unknown):
        if not re.search(rf"[(,]\s*{re.escape(name)}\s*,", text):  # as in all(name, …)
            problem = f"{what}: {name} is not known, only {' and '.join(roots)}: {text!r}"
            raise ExpressionInvalidError(problem, expression=text)


def compiled(text: str, what: str) -> Any:
    """Return the package's program for a text.

    Raises:
        ExpressionInvalidError: it is no CEL.
        SettingInvalidError: the package is not installed.
    """
    try:
        return _program(text)
    except ValueError as error:
        problem = f"{what} is not sound CEL. {error}"
        raise ExpressionInvalidError(problem, expression=text) from None


def compute(text: str, roots: Mapping[str, Any]) -> Any:
    """Return the value, or None where data is missing or is not of the kind it is treated as.

    Raises:
        ExpressionFailedError: the package cannot compute it.
    """
    try:
        return _program(text).execute(dict(roots))
    except (KeyError, IndexError, TypeError):
        return None
    except (ArithmeticError, RuntimeError, ValueError) as error:
        raise ExpressionFailedError(f"{text[:200]!r}: {error}") from error


def _nesting(text: str) -> int:
    depth = deepest = 0
    for letter in text:
        depth += (letter in _OPENING) - (letter in _CLOSING)
        deepest = max(deepest, depth)
    return deepest


@lru_cache(maxsize=64)
def _program(text: str) -> Any:
    try:
        import cel  # late: it is optional, and takes a command line tool's imports with it
    except ImportError:
        raise SettingInvalidError(MISSING_PACKAGE) from None
    return cel.compile(text)
