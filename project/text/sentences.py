"""Where sentences begin and end, as offsets into the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

BREAK = re.compile(
    r"(?P<stop>[.!?…]++[\"'\u201d\u2019)\]]*+)(?:\s*\Z|[ \t]*\r?\n[ \t\r]*\n\s*+|\s++(?![a-z]))"
    r"|\r?\n[ \t\r]*\n\s*+"
)
ABBREVIATION = re.compile(r"\b(?:mr|mrs|ms|dr|prof|st|vs|[a-z])\.\Z", re.IGNORECASE)
LONGEST = 1_200  # characters: a text without full stops still falls into pieces


class Sentence(NamedTuple):
    start: int
    end: int
    is_closed: bool = True  # by a full stop; headings and list items are not
    ends_paragraph: bool = False


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[Sentence]:
    """Yield the sentences of a text, or of one stretch of it; none crosses a blank line."""
    last = len(text) if end is None else end
    start += len(text[start:last]) - len(text[start:last].lstrip())
    for match in BREAK.finditer(text, start, last):
        stop = match.end("stop") if match["stop"] else match.start()
        ends_paragraph = match.group().count("\n") > 1
        if ends_paragraph or not _is_shorthand(text[start:stop]):
            yield from _pieces(text, Sentence(start, stop, bool(match["stop"]), ends_paragraph))
            start = match.end()
    rest = text[start:last].rstrip()
    if rest:
        yield from _pieces(text, Sentence(start, start + len(rest), is_closed=False))


def _is_shorthand(head: str) -> bool:
    return head.rstrip(".").isdigit() or ABBREVIATION.search(head[-6:]) is not None


def _pieces(text: str, sentence: Sentence) -> Iterator[Sentence]:
    start, end = sentence.start, sentence.end
    while end - start > LONGEST:
        cut = text.rfind(" ", start + 1, start + LONGEST)
        cut = start + LONGEST if cut < 0 else cut
        yield Sentence(start, cut, is_closed=False)
        start = cut
    if start < end:
        yield sentence._replace(start=start)
