"""`manage.py durable_verify`: look whether anything was lost, doubled or left behind."""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser

from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.management.words import write
from durable.operations.verify import INVARIANTS, Breach, Report, verify
from durable.store import get_store
from durable.wake import wake

logger = logging.getLogger("durable.verify")

_SHOWN = 20  # rows of one sentence


class Command(DatabaseCommand):
    """Exit code 0 if all is true that has to be, or was put right; 1 if not."""

    help = "Check on a live site that no run was lost, doubled or left behind."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument(
            "--repair",
            action="store_true",
            help="wake what was forgotten, count again, hand out missed events, have waits hear on",
        )
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and say what is found."""
        store = get_store()
        report = verify(
            store,
            repair=commander() if options["repair"] else None,
            on_progress=self._tell if sys.stderr.isatty() else lambda kind, rows: None,
        )
        repaired = [one for one in report.breaches if one.repaired]
        for breach in repaired:
            logger.warning("%s", breach, extra={"run_id": breach.run})
        if repaired:
            wake(len(repaired))
        if options["format"] == "json":
            write(self.stdout, [json.dumps(_as_dict(report), indent=2)])
        elif options["verbosity"]:
            write(self.stdout, _lines(report))
        if not report.is_clean:
            raise SystemExit(1)

    def _tell(self, kind: str, rows: int) -> None:
        self.stderr.write(f"\r{kind}: {rows} rows ", ending="")


def _lines(report: Report) -> Iterator[str]:
    rows = ", ".join(f"{n} {_plural(kind)}" for kind, n in report.rows.items() if n)
    yield f"Looked at {rows or 'no rows'}, with {len(INVARIANTS)} sentences that must be true of them."
    for name in report.missing:
        yield f"The database has no constraint {name}: migrate, or find out who dropped it."
    shown: Counter[str] = Counter()
    for breach in report.breaches:
        shown[breach.invariant.says] += 1
        if shown[breach.invariant.says] <= _SHOWN:
            yield str(breach)
    for says, count in shown.items():
        if count > _SHOWN:
            yield f"{count - _SHOWN} more rows of which it is not true that {says}."
    if report.more:
        yield f"{report.more} more were found at the first look, and not looked at again."
    yield "All is well." if report.is_clean else _advice(report)


def _plural(kind: str) -> str:
    return f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"


def _advice(report: Report) -> str:
    can = sum(breach.invariant.repair is not None for breach in report.open)
    return f"{len(report.open)} breaches" + (f"; --repair may cure {can}." if can else ".")


def _as_dict(report: Report) -> dict[str, Any]:
    return {
        "clean": report.is_clean,
        "rows": dict(report.rows),
        "missing_constraints": report.missing,
        "breaches": [_breach(one) for one in report.breaches],
        "more": report.more,
    }


def _breach(one: Breach) -> dict[str, str]:
    return {
        "invariant": one.invariant.id,
        "says": one.invariant.says,
        "kind": one.invariant.kind,
        "id": str(one.pk),
        "run": one.run,
        "repaired": one.repaired,
    }
