"""Who invoked a run, and whom it invoked: for people who look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from durable.models import Run

MOST = 50  # children that are named


@dataclass(frozen=True, slots=True)
class Kin:
    """The run that invoked this one, the first of those it invoked, and how many more there are."""

    parent: Run | None
    children: Sequence[Run]
    more: int = 0


def kin_of(alias: str, run: Run) -> Kin:
    """Look for the kin of a run, in a query or two."""
    rows = Run.objects.using(alias).only("function", "step", "status")
    parent = rows.filter(pk=run.parent_id).first() if run.parent_id else None
    children = rows.filter(parent=run.pk)
    first = list(children.order_by("pk")[: MOST + 1])
    more = children.count() - MOST if len(first) > MOST else 0
    return Kin(parent, first[:MOST], more)
