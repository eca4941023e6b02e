"""Texts for a terminal: one line, no control characters, and signs that it can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.management.base import OutputWrapper
from django.core.management.color import Style
from django.utils.timezone import localtime

from durable.models import RunStatus, StepStatus

_GOOD = (RunStatus.COMPLETED, StepStatus.DONE)
_BAD = (RunStatus.FAILED, StepStatus.FAILED)
_OVER = (RunStatus.CANCELLED, StepStatus.CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What bars and statuses are drawn with."""

    good: str
    bad: str
    over: str
    open: str
    bar: str
    tried: str
    more: str

    def of(self, status: str) -> str:
        """Return the sign of a status."""
        if status in _GOOD:
            return self.good
        if status in _BAD:
            return self.bad
        return self.over if status in _OVER else self.open


RICH = Signs(good="✓", bad="✗", over="⊘", open="▸", bar="█", tried="░", more="…")
PLAIN = Signs(good="+", bad="x", over="o", open=">", bar="#", tried="-", more="...")


def signs_for(stream: object) -> Signs:
    """Return the signs that a stream can encode."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        "".join(getattr(RICH, name) for name in Signs.__slots__).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return PLAIN
    return RICH


def write(stream: OutputWrapper, texts: Iterable[str]) -> None:
    """Write lines, as many as the reader wants: `| head` is no error."""
    try:
        for text in texts:
            stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # What is still in the buffer has nowhere to go when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def coloured(style: Style, status: str, text: str) -> str:
    """Colour a text by a status."""
    if status in _GOOD:
        return style.SUCCESS(text)
    return style.ERROR(text) if status in _BAD else style.WARNING(text)


def line(text: str, most: int, more: str = "…") -> str:
    """Put a text on one line of `most` characters; what a terminal would obey is spelled out."""
    text = "".join(c if c.isprintable() else " " if c.isspace() else ascii(c)[1:-1] for c in text)
    text = " ".join(text.split())
    return text if len(text) <= most else text[: max(most - len(more), 0)] + more


def lines(text: str) -> list[str]:
    """Return the lines of a text, each fit for a terminal."""
    shown = text.expandtabs().split("\n")
    return ["".join(c if c.isprintable() else ascii(c)[1:-1] for c in one) for one in shown]


def moment(value: datetime | None) -> str:
    """Return a time to the millisecond, in the site's time zone."""
    if value is None:
        return "-"
    return f"{localtime(value):%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"


def minute(value: datetime | None) -> str:
    """Return a time to the minute, in the site's time zone, which is named."""
    return "-" if value is None else f"{localtime(value):%Y-%m-%d %H:%M %Z}"
