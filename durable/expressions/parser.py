"""From words to nodes, by recursive descent: one method for each level of binding.

choice    some ? choice : choice
some      every || every …
every     relation && relation …
relation  sum == sum      (also != < <= > >= in; one of them)
sum       product + product …
product   unary * unary …
unary     ! unary, - unary, primary, primary.startsWith(choice) …
primary   literal, [list], {table}, (choice), has(path), size(choice), path
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from durable.errors import ExpressionInvalidError
from durable.expressions.cursor import Cursor
from durable.expressions.lexer import Word
from durable.expressions.nodes import (
    ORDERS,
    TESTS,
    Choice,
    Compare,
    Every,
    Has,
    Listing,
    Literal,
    Node,
    Not,
    Path,
    Probe,
    Size,
    Some,
    Sum,
    Table,
)
from durable.expressions.trouble import Source

T = TypeVar("T")

RELATIONS = ("==", "!=", *ORDERS, "in")
CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an expression may be."""

    length: int  # characters
    depth: int  # brackets, signs and choices within one another
    nodes: int


@dataclass(frozen=True, slots=True)
class Span:
    """A part, and where it stands in the text."""

    node: Node
    start: int
    end: int


@dataclass(slots=True)
class Parser:
    """Reads one expression. `references` fills with the paths in it, `conjuncts` with its parts."""

    source: Source
    roots: tuple[str, ...]
    limits: Limits
    words: Cursor = field(init=False)
    references: list[Span] = field(default_factory=list)
    conjuncts: list[Span] = field(default_factory=list)
    _depth: int = 0
    _count: int = 0

    def __post_init__(self) -> None:
        most = self.limits.length
        if len(self.source.text) > most:
            raise self.source.trouble(most, f"expected at most {most:,} characters")
        self.words = Cursor(self.source)

    def expression(self) -> Node:
        """Read the whole text."""
        node = self._choice()
        self.words.expect_end()
        if not isinstance(node, Every) or not self.conjuncts:
            self.conjuncts = [Span(node, 0, len(self.source.text))]
        return node

    def path(self) -> Path:
        """Read the whole text as keys of an event, without a name in front: `data.user_id`."""
        first = self.words.take_name()
        path = Path("async", (first.text, *self._keys()))
        self.words.expect_end()
        return path

    def _choice(self) -> Node:
        return self._deeper(self._any_choice)

    def _any_choice(self) -> Node:
        condition = self._some()
        if not self.words.skip("?"):
            return condition
        then = self._choice()
        self.words.take(":")
        return self._count_in(Choice(condition, then, self._choice()))

    def _some(self) -> Node:
        parts = [self._every()]
        while self.words.skip("||"):
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else self._count_in(Some(tuple(parts)))

    def _every(self) -> Node:
        spans = [self._span(self._relation)]
        while self.words.skip("&&"):
            spans.append(self._span(self._relation))
        if len(spans) == 1:
            return spans[0].node
        if self._depth == 1:
            self.conjuncts = spans
        return self._count_in(Every(tuple(span.node for span in spans)))

    def _relation(self) -> Node:
        left = self._sum()
        sign = self.words.now.text
        if sign not in RELATIONS:
            return left
        self.words.advance()
        return self._count_in(Compare(sign, left, self._sum()))

    def _sum(self) -> Node:
        return self._row(self._product, "+", "-")

    def _product(self) -> Node:
        return self._row(self._unary, "*", "/", "%")

    def _row(self, operand: Callable[[], Node], *signs: str) -> Node:
        first, others = operand(), list[tuple[str, Node]]()
        while self.words.now.text in signs:
            sign = self.words.advance().text
            others.append((sign, operand()))
        return self._count_in(Sum(first, tuple(others))) if others else first

    def _unary(self) -> Node:
        if self.words.skip("!"):
            return self._count_in(Not(self._deeper(self._unary)))
        if self.words.skip("-"):
            if self.words.now.kind == "number":
                return self._count_in(Literal(-self.words.advance().constant))
            return self._count_in(Sum(Literal(0), (("-", self._deeper(self._unary)),)))
        target = self._primary()
        return self._method(target) if self.words.skip(".") else target

    def _method(self, target: Node) -> Node:
        name = self.words.take_name(*TESTS, "size")
        self.words.take("(")
        if name.text == "size":
            self.words.take(")")
            return self._count_in(Size(target))
        part = self._choice()
        self.words.take(")")
        return self._count_in(Probe(name.text, target, part))

    def _primary(self) -> Node:
        word = self.words.now
        if word.kind in ("number", "text"):
            return self._count_in(Literal(self.words.advance().constant))
        if word.kind == "name":
            return self._named(self.words.advance())
        if self.words.skip("("):
            node = self._choice()
            self.words.take(")")
            return node
        if self.words.skip("["):
            return self._count_in(Listing(tuple(self._items("]", self._choice))))
        if self.words.skip("{"):
            return self._count_in(Table(tuple(self._items("}", self._entry))))
        raise self.words.trouble("a value")

    def _items(self, close: str, item: Callable[[], T]) -> Iterator[T]:
        if self.words.skip(close):
            return
        yield item()
        while self.words.skip(","):
            yield item()
        self.words.take(close)

    def _entry(self) -> tuple[str, Node]:
        if self.words.now.kind != "text":
            raise self.words.trouble("a key between quotes")
        key = str(self.words.advance().constant)
        self.words.take(":")
        return key, self._choice()

    def _named(self, word: Word) -> Node:
        if word.text in CONSTANTS:
            return self._count_in(Literal(CONSTANTS[word.text]))
        if word.text in ("has", "size") and self.words.skip("("):
            return self._has(word) if word.text == "has" else self._size()
        if word.text not in self.roots:
            raise self._unknown(word)
        path = Path(word.text, tuple(self._keys()))
        self.references.append(Span(path, word.start, self.words.end))
        return self._count_in(path)

    def _has(self, word: Word) -> Node:
        start = self.words.now
        path = self._primary()
        if not isinstance(path, Path) or not path.keys:
            raise self.source.trouble(start.start, "expected a path, as in has(event.data.name)")
        self.words.take(")")
        node = Has(path)
        self.references[-1] = Span(node, word.start, self.words.end)
        return self._count_in(node)

    def _size(self) -> Node:
        target = self._choice()
        self.words.take(")")
        return self._count_in(Size(target))

    def _keys(self) -> Iterator[str | int]:
        """Read `.name` and `[…]` until a method or anything else follows."""
        while True:
            if self.words.skip("["):
                yield self._key()
                self.words.take("]")
            elif self.words.now.text == "." and not self.words.is_method_next():
                self.words.advance()
                yield self.words.take_name().text
            else:
                return

    def _key(self) -> str | int:
        if isinstance(key := self.words.now.constant, str | int):
            self.words.advance()
            return key
        raise self.words.trouble("a position such as 0, or a key between quotes")

    def _span(self, read: Callable[[], Node]) -> Span:
        start = self.words.now.start
        return Span(read(), start, self.words.end)

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > self.limits.depth:
            raise self.words.trouble(f"at most {self.limits.depth} parts within one another")
        node = read()
        self._depth -= 1
        return node

    def _count_in(self, node: Node) -> Node:
        self._count += 1
        if self._count > self.limits.nodes:
            raise self.words.trouble(f"at most {self.limits.nodes:,} parts")
        return node

    def _unknown(self, word: Word) -> ExpressionInvalidError:
        near = get_close_matches(word.text, (*self.roots, *CONSTANTS, "has", "size"), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        known = " and ".join(self.roots)
        problem = f"{word.text[:40]} is not known, only {known}{hint}"
        return self.source.trouble(word.start, problem)
