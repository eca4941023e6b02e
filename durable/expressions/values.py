"""What expressions compute with: JSON values, what is missing, and the steps that may be taken."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from durable.errors import ExpressionFailedError

MOST_STEPS = 100_000  # of one evaluation; about 50 milliseconds
_LARGEST = 2**63 - 1  # as in CEL: sums beyond are missing
_CHARACTERS = 64  # of text that count as one step


class Missing(Enum):
    """The value of a path that leads nowhere, and of what is computed from it."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


class Scope:
    """The values of one evaluation by name, and the steps it has left."""

    __slots__ = ("_left", "roots")

    def __init__(self, roots: Mapping[str, Any]) -> None:
        self.roots = roots
        self._left = MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        """Take steps.

        Raises:
            ExpressionFailedError: none are left.
        """
        self._left -= steps
        if self._left < 0:
            raise ExpressionFailedError(
                f"The expression takes more than {MOST_STEPS:,} steps with these values."
            )

    def spend_on(self, text: str) -> None:
        """Take the steps that reading a text costs."""
        self.spend(1 + len(text) // _CHARACTERS)


def is_number(value: Any) -> bool:
    """Whether arithmetic and order make sense; a bool is no number here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def are_equal(left: Any, right: Any, scope: Scope) -> bool:
    """Say whether two JSON values are the same; 1 and 1.0 are, true and 1 are not."""
    scope.spend()
    if isinstance(left, list):
        return isinstance(right, list) and _lists_are_equal(left, right, scope)
    if isinstance(left, dict):
        return isinstance(right, dict) and _dicts_are_equal(left, right, scope)
    if is_number(left):
        return is_number(right) and bool(left == right)
    if isinstance(left, str) and isinstance(right, str):
        scope.spend_on(left)
    return type(left) is type(right) and bool(left == right)


def _lists_are_equal(left: list[Any], right: list[Any], scope: Scope) -> bool:
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(are_equal(a, b, scope) for a, b in pairs)


def _dicts_are_equal(left: dict[str, Any], right: dict[str, Any], scope: Scope) -> bool:
    if len(left) != len(right):
        return False
    return all(key in right and are_equal(value, right[key], scope) for key, value in left.items())


def add(left: Any, right: Any, scope: Scope) -> Any:
    """Return the sum of numbers, or two texts or lists in a row."""
    if isinstance(left, str) and isinstance(right, str):
        scope.spend_on(left)
        scope.spend_on(right)
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        scope.spend(len(left) + len(right))
        return left + right
    return _in_range(left + right) if _are_small(left, right) else MISSING


def subtract(left: Any, right: Any, scope: Scope) -> Any:
    """Return the difference of numbers."""
    return _in_range(left - right) if _are_small(left, right) else MISSING


def multiply(left: Any, right: Any, scope: Scope) -> Any:
    """Return the product of numbers."""
    return _in_range(left * right) if _are_small(left, right) else MISSING


def divide(left: Any, right: Any, scope: Scope) -> Any:
    """Return the quotient; of whole numbers a whole one, cut towards zero."""
    if not _are_small(left, right) or right == 0:
        return MISSING
    if isinstance(left, float) or isinstance(right, float):
        return _in_range(left / right)
    return _in_range(abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1))


def remainder(left: Any, right: Any, scope: Scope) -> Any:
    """Return what is left over by division of whole numbers, with the sign of the first."""
    if isinstance(left, float) or isinstance(right, float):
        return MISSING
    quotient = divide(left, right, scope)
    return MISSING if quotient is MISSING else left - quotient * right


def _are_small(left: Any, right: Any) -> bool:
    return all(is_number(one) and _in_range(one) is not MISSING for one in (left, right))


def _in_range(number: Any) -> Any:
    if isinstance(number, float):
        return number if abs(number) < float("inf") else MISSING
    return number if abs(number) <= _LARGEST else MISSING
