"""Words: an expression's text cut into names, numbers, texts and signs. Linear, and never backtracks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from durable.expressions.trouble import Source

_WORD = re.compile(
    r"(?P<space>[ \t\r\n]+)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<text>[\"'])"
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||[<>!?:.,()\[\]{}+\-*/%])"
)
_PLAIN = {quote: re.compile(rf"[^{quote}\\\r\n\0\ud800-\udfff]+") for quote in "\"'"}
_SHORT = {
    "\\": "\\",
    '"': '"',
    "'": "'",
    "`": "`",
    "?": "?",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_LONG = {"x": 2, "u": 4, "U": 8}  # hexadecimal digits
_MOST_DIGITS = 4300  # Python reads no longer number


@dataclass(frozen=True, slots=True)
class Word:
    """A name, a number, a text, a sign, or the end."""

    kind: str
    text: str
    start: int
    end: int
    constant: Any = None

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else self.text[:40]


def words(source: Source) -> Iterator[Word]:
    """Cut the text.

    Raises:
        ExpressionInvalidError: something in it is no word.
    """
    place, text = 0, source.text
    while place < len(text):
        found = _WORD.match(text, place)
        if found is None:
            raise source.trouble(place, f"expected {_meant(text[place])}, found {text[place]!r}")
        word = _word(source, found)
        place = word.end
        if word.kind != "space":
            yield word
    yield Word("end", "", len(text), len(text))


def _meant(letter: str) -> str:
    return letter * 2 if letter in "=&|" else "a name, a value or a sign"


def _word(source: Source, found: re.Match[str]) -> Word:
    kind, text, start = str(found.lastgroup), found.group(), found.start()
    if kind == "text":
        content, end = _read_text(source, start)
        return Word(kind, source.text[start:end], start, end, content)
    number = _number(source, text, start) if kind == "number" else None
    return Word(kind, text, start, found.end(), number)


def _number(source: Source, text: str, start: int) -> int | float:
    if text.isdecimal():
        if len(text) > _MOST_DIGITS:
            raise source.trouble(start, f"expected a number of at most {_MOST_DIGITS:,} digits")
        return int(text)
    number = float(text)
    if number == float("inf"):
        raise source.trouble(start, "expected a number below 1.8e308")
    return number


def _read_text(source: Source, start: int) -> tuple[str, int]:
    """Return what stands between the quotes, and the place behind the second one."""
    text, parts, place = source.text, list[str](), start + 1
    quote = text[start]
    while place < len(text) and text[place] != quote:
        if text[place] == "\\":
            part, place = _escape(source, place)
        elif plain := _PLAIN[quote].match(text, place):
            part, place = plain.group(), plain.end()
        else:
            break
        parts.append(part)
    if place >= len(text) or text[place] != quote:
        raise source.trouble(start, f"expected a closing {quote} on the same line")
    return "".join(parts), place + 1


def _escape(source: Source, place: int) -> tuple[str, int]:
    letter = source.text[place + 1 : place + 2]
    if letter in _SHORT:
        return _SHORT[letter], place + 2
    size = _LONG.get(letter, 0)
    digits = source.text[place + 2 : place + 2 + size]
    if size == 0 or not re.fullmatch(r"[0-9a-fA-F]+", digits) or len(digits) < size:
        raise source.trouble(place, r"expected an escape such as \n, \", \\ or \u00e9")
    code = int(digits, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise source.trouble(place, "expected the number of a character")
    return chr(code), place + 2 + size
