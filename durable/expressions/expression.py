"""An expression that was read: what it says of events, and what it needs of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from durable.errors import ExpressionFailedError, ExpressionInvalidError
from durable.expressions import full, language
from durable.expressions.bind import Conjunct, bind
from durable.expressions.nodes import Node
from durable.expressions.parser import Limits, Parser, Span
from durable.expressions.quote import quote
from durable.expressions.trouble import Source
from durable.expressions.values import MISSING, Scope

TRIGGER = ("event",)  # what conditions on a starting event may name
CANDIDATE = ("event", "async")  # and those on a later one

WRITTEN = Limits(length=2_000, depth=16, nodes=500)  # by a person
BOUND = Limits(length=20_000, depth=34, nodes=20_000)  # with an event's values in it


class Expression(Protocol):
    """What `parse` returns."""

    @property
    def text(self) -> str:
        """The expression, as it was written."""
        ...

    def value(self, roots: Mapping[str, Any]) -> Any:
        """Return its JSON value, or None where data is missing.

        Args:
            roots: each event by its name in the expression, as a dict: `{"event": {"data": {}}}`.

        Raises:
            ExpressionFailedError: it cannot be computed with these values.
        """
        ...

    def holds(self, roots: Mapping[str, Any]) -> bool:
        """Say whether it is true: not false, missing, or anything else. Raises as `value` does."""
        ...

    def conjuncts(self, event: Mapping[str, Any]) -> list[Conjunct]:
        """Return the parts that must all hold, with the starting event's values in them."""
        ...


def parse(text: str, *, what: str = "expression", roots: tuple[str, ...] = CANDIDATE) -> Expression:
    """Read an expression, in the language of the site.

    Args:
        text: what our own part of CEL does not know is read as CEL, if `DURABLE["EXPRESSIONS"]` says so.
        what: how an error should call it, "Cancel: if_exp" for example.
        roots: the names it may use.

    Raises:
        ExpressionInvalidError: shows the expression and the place.
        SettingInvalidError: the site wants CEL, and has no package for it.
    """
    return _parse(text, what, roots, language.is_full())


@lru_cache(maxsize=1024)
def _parse(text: str, what: str, roots: tuple[str, ...], is_full: bool) -> Expression:
    try:
        return _read(Source(text, what), roots, WRITTEN)
    except ExpressionInvalidError:
        if not is_full or len(text) > WRITTEN.length:
            raise
    full.check(text, what, roots)
    return FullExpression(text)


def parse_bound(text: str, *, what: str = "expression") -> Expression:
    """Read an expression with values in it, as `Condition` makes them."""
    is_short = len(text) <= WRITTEN.length  # the long ones would fill the memory
    return _parse_short(text, what) if is_short else _parse_bound(text, what)


def _parse_bound(text: str, what: str) -> Expression:
    if text.startswith(full.MARK):
        text = text.removeprefix(full.MARK)
        full.compiled(text, what)
        return FullExpression(text)
    return _read(Source(text, what), CANDIDATE, BOUND)


_parse_short = lru_cache(maxsize=1024)(_parse_bound)


def _read(source: Source, roots: tuple[str, ...], limits: Limits) -> OwnExpression:
    parser = Parser(source, roots, limits)
    node = parser.expression()
    return OwnExpression(source.text, node, tuple(parser.references), tuple(parser.conjuncts))


@dataclass(frozen=True, slots=True)
class OwnExpression:
    """One in our part of CEL."""

    text: str
    node: Node
    references: tuple[Span, ...]
    parts: tuple[Span, ...]

    def value(self, roots: Mapping[str, Any]) -> Any:
        found = self._compute(roots)
        return None if found is MISSING else found

    def holds(self, roots: Mapping[str, Any]) -> bool:
        return self._compute(roots) is True

    def conjuncts(self, event: Mapping[str, Any]) -> list[Conjunct]:
        return [bind(self.text, part, self.references, event) for part in self.parts]

    def _compute(self, roots: Mapping[str, Any]) -> Any:
        try:
            return self.node.value(Scope(roots))
        except RecursionError:
            raise ExpressionFailedError("The values are nested too deep to compare.") from None


@dataclass(frozen=True, slots=True)
class FullExpression:
    """One that takes the whole of CEL."""

    text: str

    def value(self, roots: Mapping[str, Any]) -> Any:
        return full.compute(self.text, roots)

    def holds(self, roots: Mapping[str, Any]) -> bool:
        return self.value(roots) is True

    def conjuncts(self, event: Mapping[str, Any]) -> list[Conjunct]:
        """Return one, in which a list of one event gives `event` its value."""
        literal = quote(dict(event))
        _read(Source(literal, "the starting event"), (), BOUND)
        return [Conjunct(f"[{literal}].exists(event, {self.text}\n)", is_full=True)]
