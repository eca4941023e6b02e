"""The walk over all rows, a window of keys at a time, and a second look at what it suspects."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import router, transaction
from django.db.models import Model

from durable.operations.audit import Actor, write_down
from durable.operations.verify import schema
from durable.operations.verify.invariant import Breach, Invariant, Rows
from durable.operations.verify.invariants import INVARIANTS
from durable.store import Store
from durable.store.executor import repeat

WINDOW = 5_000  # rows looked at in one statement
MOST = 1_000  # suspects of one sentence that are kept; of more, only the number
PAUSE = 1.0  # seconds before the second look

Progress = Callable[[str, int], None]


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found.

    Args:
        breaches: rows of which a sentence is not true, also at a second look.
        missing: constraints that the database should have and has not.
        rows: rows looked at, by kind.
        more: breaches beyond those that were kept, at the first look.
    """

    breaches: list[Breach] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    more: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether all is well, or was put right."""
        return not (self.missing or self.more or self.open)

    @property
    def open(self) -> Sequence[Breach]:
        """Breaches that were not put right."""
        return [breach for breach in self.breaches if not breach.repaired]


def verify(
    store: Store,
    *,
    repair: Actor | None = None,
    pause: float = PAUSE,
    on_progress: Progress = lambda kind, rows: None,
) -> Report:
    """Look whether all is true that has to be. Reads only, unless it is to repair.

    Each sentence is one statement on a window of rows, so that what commits meanwhile is seen whole or
    not at all; what breaks one is looked at again after a while, and reported if it still does.

    Args:
        store: the database.
        repair: who has the safely repairable put right; each repair goes into the audit log.
        pause: seconds between the looks.
        on_progress: told after each window the kind of rows and how many of them were seen.
    """
    report = Report(missing=schema.missing(store))
    suspects = _suspects(store, report, on_progress)
    if not suspects:
        return report
    time.sleep(pause)
    for invariant, keys in suspects.items():
        for row in _again(store, invariant, keys):
            done = _repaired(store, invariant, row, repair) if repair else ""
            report.breaches.append(
                Breach(invariant=invariant, pk=row.pk, run=run_of(row), repaired=done)
            )
    return report


def _suspects(store: Store, report: Report, on_progress: Progress) -> dict[Invariant, list[Any]]:
    found: dict[Invariant, list[Any]] = {}
    for model in dict.fromkeys(one.model for one in INVARIANTS if _is_here(store, one.model)):
        mine = [one for one in INVARIANTS if one.model is model]
        for window, size in _windows(model._base_manager.using(store.alias).order_by()):
            for invariant in mine:
                if keys := list(invariant.broken(window).values_list("pk", flat=True)):
                    kept = found.setdefault(invariant, [])
                    room = MOST - len(kept)
                    kept += keys[:room]
                    report.more += len(keys[room:])
            report.rows[mine[0].kind] += size
            on_progress(mine[0].kind, report.rows[mine[0].kind])
    return found


def _is_here(store: Store, model: type[Model]) -> bool:
    """Whether the database is durable's, or the one that another app's table is in."""
    return model._meta.app_label == "durable" or router.db_for_read(model) == store.alias


def _windows(rows: Rows) -> Iterator[tuple[Rows, int]]:
    """Cut a table into ranges of its key, each with the number of its rows."""
    rest = rows
    while True:
        keys = list(rest.order_by("pk").values_list("pk", flat=True)[:WINDOW])
        if len(keys) < WINDOW:
            yield rest, len(keys)  # with what is inserted meanwhile
            return
        yield rest.filter(pk__lte=keys[-1]), len(keys)
        rest = rows.filter(pk__gt=keys[-1])


def _again(store: Store, invariant: Invariant, keys: Sequence[Any]) -> list[Any]:
    rows = invariant.model._base_manager.using(store.alias)
    return list(invariant.broken(rows.filter(pk__in=keys)).order_by("pk"))


def run_of(row: Any) -> str:
    """Return the id of the run that a row is, or belongs to."""
    kind = row._meta.model_name
    return str(row.pk if kind == "run" else getattr(row, "run_id", ""))


def _target(row: Any) -> tuple[str, Any]:
    """Say what of the audit log's objects a row belongs to."""
    return ("run", run) if (run := run_of(row)) else ("function", row.function)


def _repaired(store: Store, invariant: Invariant, row: Any, actor: Actor) -> str:
    """Put a row right if that can be done, and write it down; return the word for it."""
    repair = invariant.repair
    if repair is None:
        return ""

    def mend() -> str:
        with transaction.atomic(store.alias):
            change = repair.mend(store, row)
            if change is None:
                return ""
            before, after = change
            kind, target = _target(row)
            write_down(store, actor, repair.word, kind, target, before=before, after=after)
        return repair.word

    return repeat(store.alias, mend)
