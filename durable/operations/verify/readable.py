"""What is stored as JSON can be read. The texts are read here: what the databases call JSON differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from durable import codec
from durable.models import Blob, Event, Run, Step
from durable.operations.verify.invariant import Invariant, Rows

# Texts read at once: those of events and large values may be of megabytes each.
_SHORT, _LONG = 1_000, 50


def _unreadable(rows: Rows, columns: Sequence[str], page: int) -> Rows:
    """Those with a text that is no JSON."""
    wrong = [pk for pk, *texts in _pages(rows, columns, page) if not all(map(_is_read, texts))]
    return rows.filter(pk__in=wrong) if wrong else rows.none()


def _pages(rows: Rows, columns: Sequence[str], page: int) -> Iterator[tuple[Any, ...]]:
    texts = rows.order_by("pk").values_list("pk", *columns)
    some = list(texts[:page])
    while some:
        yield from some
        some = list(texts.filter(pk__gt=some[-1][0])[:page]) if len(some) == page else []


def _is_read(text: str | None) -> bool:
    try:
        if text is not None:
            codec.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


INVARIANTS = (
    Invariant(
        id="I1",
        says="the data of an event can be read",
        model=Event,
        broken=partial(_unreadable, columns=["data"], page=_LONG),
    ),
    Invariant(
        id="I6",
        says="the result or the error of a run can be read",
        model=Run,
        broken=partial(_unreadable, columns=["output", "error"], page=_SHORT),
    ),
    Invariant(
        id="I6",
        says="the result or the error of a step can be read",
        model=Step,
        broken=partial(_unreadable, columns=["output", "error"], page=_SHORT),
    ),
    Invariant(
        id="I6",
        says="a large value can be read",
        model=Blob,
        broken=partial(_unreadable, columns=["body"], page=_LONG),
    ),
)
