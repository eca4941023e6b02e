"""Errors that show the expression, and where in it."""

from __future__ import annotations

from dataclasses import dataclass

from durable.errors import ExpressionInvalidError

_BEFORE, _BEHIND = 50, 30  # characters of a long expression that are shown


@dataclass(frozen=True, slots=True)
class Source:
    """An expression's text, and what errors call it."""

    text: str
    what: str

    def trouble(self, place: int, problem: str) -> ExpressionInvalidError:
        """Return an error that points at a character."""
        first = max(0, place - _BEFORE)
        shown = self.text[first : place + _BEHIND]
        shown = "".join(one if one.isprintable() else " " for one in shown)
        before = "… " if first else ""
        behind = " …" if place + _BEHIND < len(self.text) else ""
        caret = " " * (len(before) + place - first) + "^"
        return ExpressionInvalidError(
            f"{self.what}: {problem}, at character {place + 1}:\n"
            f"    {before}{shown}{behind}\n"
            f"    {caret}",
            expression=self.text,
            position=place,
        )
