"""The starting event's values put into a condition, so that the candidate alone decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from durable.expressions.key import Term, is_key
from durable.expressions.nodes import Choice, Compare, Has, Literal, Node, Path, Some
from durable.expressions.parser import Span
from durable.expressions.quote import quote
from durable.expressions.values import MISSING, Scope


@dataclass(frozen=True, slots=True)
class Conjunct:
    """A part that must hold, and, if it is a plain equation, what must be equal to what."""

    text: str
    term: Term | None = None
    is_full: bool = False  # it takes the whole of CEL to read the text


def bind(text: str, part: Span, references: Iterable[Span], event: Mapping[str, Any]) -> Conjunct:
    """Return a part of an expression with values in place of its paths into `event`.

    Those that lead nowhere stay: whoever reads the text has no `event`, and finds them missing, too.
    """
    scope = Scope({"event": event})
    pieces, place = list[str](), part.start
    for reference in _inside(part, references):
        value = reference.node.value(scope)
        if value is not MISSING:
            pieces += text[place : reference.start], quote(value)
            place = reference.end
    bound = "".join(pieces) + text[place : part.end]
    is_loose = isinstance(part.node, Choice | Some)
    return Conjunct(f"({bound})" if is_loose else bound, _term(part.node, scope))


def _inside(part: Span, references: Iterable[Span]) -> Iterable[Span]:
    for reference in references:
        path = reference.node.path if isinstance(reference.node, Has) else reference.node
        is_known = isinstance(path, Path) and path.root == "event"
        if is_known and part.start <= reference.start < part.end:
            yield reference


def _term(node: Node, scope: Scope) -> Term | None:
    if not isinstance(node, Compare) or node.sign != "==":
        return None
    return _equation(node.left, node.right, scope) or _equation(node.right, node.left, scope)


def _equation(path: Node, other: Node, scope: Scope) -> Term | None:
    if not isinstance(path, Path) or path.root != "async" or not path.keys:
        return None
    is_constant = isinstance(other, Literal)
    is_known = is_constant or (isinstance(other, Path) and other.root == "event")
    value = other.value(scope) if is_known else MISSING
    return Term(path.keys, value, is_constant=is_constant) if is_key(value) else None
