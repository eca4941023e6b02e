"""`manage.py durable_list`: the newest runs, and what comes by schedule."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from durable import clock
from durable.engine.words import span, took
from durable.management.command import DatabaseCommand
from durable.management.export import summary
from durable.management.words import coloured, line, minute, signs_for, write
from durable.models import Run, RunStatus
from durable.models.lists import having
from durable.operations.explain import explain
from durable.operations.outlook import Outlook
from durable.operations.schedule import Coming, coming
from durable.store import get_store

_SCHEDULE = ("FUNCTION", "CRON LINE", "NEXT", "LAST", "WHY IT MAY NOT COME")
_COLUMNS = ("ID", "STATUS", "FUNCTION", "STARTED", "TOOK", "STEPS", "WHY IT IS NOT MOVING")


class Command(DatabaseCommand):
    """With `--verbosity 0` only the ids are printed."""

    help = "List the newest runs, and when functions with a cron line run next."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--status", choices=RunStatus.values, help="only runs of this status")
        parser.add_argument("--function", help="only runs of the function with this id")
        parser.add_argument("--limit", type=_positive, default=20, help="runs at most (20)")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the runs."""
        alias = get_store().alias
        runs = list(_runs(alias, options)[: options["limit"]])
        outlooks = explain(alias, runs)
        if options["format"] == "json":
            summaries = [summary(run, outlooks[run.pk]) for run in runs]
            write(self.stdout, [json.dumps(summaries, indent=2)])
        elif options["verbosity"] == 0:
            write(self.stdout, [str(run.pk) for run in runs])
        else:
            found = self._table(runs, outlooks) if runs else ["No runs."]
            write(self.stdout, [*found, *_schedule(alias, options)])

    def _table(self, runs: list[Run], outlooks: Mapping[UUID, Outlook]) -> Iterator[str]:
        signs = signs_for(self.stdout)
        cells = [_cells(run, outlooks[run.pk], signs.of(run.status)) for run in runs]
        widths = [max(map(len, column)) for column in zip(_COLUMNS, *cells, strict=True)]
        yield _row(_COLUMNS, widths)
        for run, row in zip(runs, cells, strict=True):
            padded = _row(row, widths)
            status = row[1].ljust(widths[1])
            yield padded.replace(status, coloured(self.style, run.status, status), 1)


def _runs(alias: str, options: Mapping[str, Any]) -> Any:
    runs = Run.objects.using(alias).defer("output", "error").order_by("-pk")
    given = {name: options[name] for name in ("status", "function") if options[name]}
    return runs.filter(having(alias, **given))


def _schedule(alias: str, options: Mapping[str, Any]) -> list[str]:
    """Return a table of what comes, unless only runs are asked for."""
    wanted = [] if options["status"] else coming(alias)
    if options["function"]:
        wanted = [one for one in wanted if one.function == options["function"]]
    if not wanted:
        return []
    rows = [_SCHEDULE, *map(_coming_cells, wanted)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["", *(_row(row, widths) for row in rows)]


def _coming_cells(one: Coming) -> tuple[str, ...]:
    return (
        line(one.function, 40),
        line(one.cron, 60),
        minute(one.following),
        minute(one.last),
        line(one.why, 120),
    )


def _cells(run: Run, outlook: Outlook, sign: str) -> tuple[str, ...]:
    now = clock.now()
    return (
        str(run.pk),
        f"{sign} {run.status}",
        line(run.title, 40),
        f"{span(now - run.started, units=1)} ago" if run.started else "-",
        took(run.started, run.ended, now) or "-",
        f"{outlook.done}/{outlook.total}",
        line(outlook.why, 120),
    )


def _row(cells: Iterable[str], widths: list[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return number
