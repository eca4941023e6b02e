"""The parts of an expression. Each knows its value; none of them raises for want of data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any, Protocol

from durable.expressions.values import (
    MISSING,
    Scope,
    add,
    are_equal,
    divide,
    is_number,
    multiply,
    remainder,
    subtract,
)

SUMS: Mapping[str, Callable[[Any, Any, Scope], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
}
ORDERS: Mapping[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
}


class Node(Protocol):
    """A part of an expression."""

    def value(self, scope: Scope) -> Any:
        """Return its JSON value, or MISSING."""
        ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, true, false or null."""

    constant: str | float | bool | None

    def value(self, scope: Scope) -> Any:
        scope.spend()
        return self.constant


@dataclass(frozen=True, slots=True)
class Path:
    """A name, and the keys and positions that lead from there."""

    root: str
    keys: tuple[str | int, ...]

    def value(self, scope: Scope) -> Any:
        scope.spend(1 + len(self.keys))
        found = scope.roots.get(self.root, MISSING)
        for key in self.keys:
            found = _member(found, key)
        return found


def _member(value: Any, key: str | int) -> Any:
    if isinstance(key, str):
        return value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return value[key] if isinstance(value, list) and key < len(value) else MISSING


@dataclass(frozen=True, slots=True)
class Has:
    """Whether a path leads somewhere, be it to null."""

    path: Path

    def value(self, scope: Scope) -> bool:
        return self.path.value(scope) is not MISSING


@dataclass(frozen=True, slots=True)
class Listing:
    """Values in a row; missing if one of them is."""

    items: tuple[Node, ...]

    def value(self, scope: Scope) -> Any:
        found = [item.value(scope) for item in self.items]
        return MISSING if any(one is MISSING for one in found) else found


@dataclass(frozen=True, slots=True)
class Table:
    """Values by key; missing if one of them is."""

    entries: tuple[tuple[str, Node], ...]

    def value(self, scope: Scope) -> Any:
        found = {key: item.value(scope) for key, item in self.entries}
        return MISSING if any(one is MISSING for one in found.values()) else found


@dataclass(frozen=True, slots=True)
class Not:
    """True unless the operand is."""

    operand: Node

    def value(self, scope: Scope) -> bool:
        return self.operand.value(scope) is not True


@dataclass(frozen=True, slots=True)
class Every:
    """True if every part is."""

    parts: tuple[Node, ...]

    def value(self, scope: Scope) -> bool:
        return all(part.value(scope) is True for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some:
    """True if one part is."""

    parts: tuple[Node, ...]

    def value(self, scope: Scope) -> bool:
        return any(part.value(scope) is True for part in self.parts)


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values side by side. What is missing makes it false, whatever the sign."""

    sign: str
    left: Node
    right: Node

    def value(self, scope: Scope) -> bool:
        left, right = self.left.value(scope), self.right.value(scope)
        if left is MISSING or right is MISSING:
            return False
        if self.sign == "in":
            return _is_in(left, right, scope)
        if self.sign in ORDERS:
            return _is_ordered(self.sign, left, right, scope)
        return are_equal(left, right, scope) is (self.sign == "==")


def _is_in(value: Any, container: Any, scope: Scope) -> bool:
    if isinstance(container, dict):
        return isinstance(value, str) and value in container
    if not isinstance(container, list):
        return False
    return any(are_equal(value, one, scope) for one in container)


def _is_ordered(sign: str, left: Any, right: Any, scope: Scope) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        scope.spend_on(left)
    elif not (is_number(left) and is_number(right)):
        return False
    return ORDERS[sign](left, right)


@dataclass(frozen=True, slots=True)
class Sum:
    """Numbers, texts or lists put together, from left to right."""

    first: Node
    others: tuple[tuple[str, Node], ...]

    def value(self, scope: Scope) -> Any:
        result = self.first.value(scope)
        for sign, node in self.others:
            result = SUMS[sign](result, node.value(scope), scope)
        return result


@dataclass(frozen=True, slots=True)
class Choice:
    """One of two values."""

    condition: Node
    then: Node
    otherwise: Node

    def value(self, scope: Scope) -> Any:
        chosen = self.then if self.condition.value(scope) is True else self.otherwise
        return chosen.value(scope)


@dataclass(frozen=True, slots=True)
class Probe:
    """How a text begins, ends, or what it holds. False for anything but texts."""

    name: str
    target: Node
    part: Node

    def value(self, scope: Scope) -> bool:
        target, part = self.target.value(scope), self.part.value(scope)
        if not (isinstance(target, str) and isinstance(part, str)):
            return False
        scope.spend_on(target)
        return TESTS[self.name](target, part)


@dataclass(frozen=True, slots=True)
class Size:
    """How many characters, items or keys there are."""

    target: Node

    def value(self, scope: Scope) -> Any:
        found = self.target.value(scope)
        return len(found) if isinstance(found, str | list | dict) else MISSING
