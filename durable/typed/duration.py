"""Spans of time as ISO 8601 writes them: "P1DT2H3M4.5S"."""

from __future__ import annotations

import re
from datetime import timedelta

_DURATION = re.compile(
    r"(?P<sign>[-+]?)P(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.(?P<part>\d{1,6}))?S)?)?"
)
_UNITS = ("days", "hours", "minutes", "seconds")


def duration_text(span: timedelta) -> str:
    """Return the text of a span, exact to the microsecond."""
    sign, span = ("-", -span) if span < timedelta() else ("", span)
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    part = f".{span.microseconds:06}" if span.microseconds else ""
    return f"{sign}P{span.days}DT{hours}H{minutes}M{seconds}{part}S"


def duration_of(text: str) -> timedelta:
    """Return the span that a text says.

    Raises:
        ValueError: it is not written that way.
        OverflowError: it is longer than a timedelta can be.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(text)
    span = timedelta(
        **{unit: int(found[unit] or 0) for unit in _UNITS},
        microseconds=int((found["part"] or "").ljust(6, "0")),
    )
    return -span if found["sign"] == "-" else span
