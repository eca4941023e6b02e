"""A place among the words of an expression."""

from __future__ import annotations

from durable.errors import ExpressionInvalidError
from durable.expressions.lexer import Word, words
from durable.expressions.trouble import Source


class Cursor:
    """Stands before a word, and moves on over those that are expected."""

    __slots__ = ("_place", "_source", "_words")

    def __init__(self, source: Source) -> None:
        self._source = source
        self._words = list(words(source))
        self._place = 0

    @property
    def now(self) -> Word:
        """The word that comes next."""
        return self._words[self._place]

    @property
    def end(self) -> int:
        """Where the word before ended."""
        return self._words[self._place - 1].end if self._place else 0

    def advance(self) -> Word:
        """Move over a word, and return it."""
        word = self.now
        self._place += word.kind != "end"
        return word

    def skip(self, sign: str) -> bool:
        """Move over a sign if it is there, and say whether it was."""
        is_there = self.now.text == sign
        self._place += is_there
        return is_there

    def take(self, sign: str) -> None:
        """Move over a sign that must be there."""
        if not self.skip(sign):
            raise self.trouble(sign)

    def take_name(self, *known: str) -> Word:
        """Move over a name that must be there, one of these if there are any."""
        if self.now.kind != "name" or (known and self.now.text not in known):
            raise self.trouble(" or ".join(known) if known else "a name")
        return self.advance()

    def expect_end(self) -> None:
        """Raise unless no word is left."""
        if self.now.kind != "end":
            raise self.trouble("a sign such as == or &&, or the end")

    def is_method_next(self) -> bool:
        """Whether the dot that comes next is followed by a name and a bracket."""
        name, bracket = (self._words[self._place : self._place + 3] + [self._words[-1]] * 2)[1:3]
        return name.kind == "name" and bracket.text == "("

    def trouble(self, wanted: str) -> ExpressionInvalidError:
        """Return an error that points at the word that comes next."""
        return self._source.trouble(self.now.start, f"expected {wanted}, found {self.now}")
