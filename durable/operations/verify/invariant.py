"""A sentence that is true of every row of a table, and a row of which it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Model, QuerySet

from durable.store import Store

Rows = QuerySet[Any]
ROUNDING = timedelta(
    milliseconds=100
)  # statements written in different ways round the time differently


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What is done about a broken row, in a transaction that holds it.

    Args:
        word: for the audit log, "wake".
        mend: does it; returns what was changed, as it was and as it became, None if nothing was.
    """

    word: str
    mend: Callable[[Store, Any], tuple[dict[str, Any], dict[str, Any]] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A sentence about the rows of one table.

    Args:
        id: of the promise it belongs to; `docs/explanation/guarantees.md` lists them.
        says: the sentence.
        model: of which rows.
        broken: of some rows those of which it is not true, in one statement where that is possible: then
            no change that commits meanwhile can be seen half done.
        repair: what can safely be done about such a row.
    """

    id: str
    says: str
    model: type[Model]
    broken: Callable[[Rows], Rows]
    repair: Repair | None = None

    @property
    def kind(self) -> str:
        """The word for a row."""
        return self.model._meta.model_name or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A row of which a sentence is not true.

    Args:
        invariant: the sentence.
        pk: of the row.
        run: id of the run it belongs to, if any.
        repaired: what was done about it, if anything.
    """

    invariant: Invariant
    pk: Any
    run: str = ""
    repaired: str = ""

    def __str__(self) -> str:
        of_run = f" of run {self.run}" if self.run and self.invariant.kind != "run" else ""
        done = f" Repaired: {self.repaired}." if self.repaired else ""
        one = self.invariant
        return f"{one.id} {one.kind} {self.pk}{of_run}: not true that {one.says}.{done}"
