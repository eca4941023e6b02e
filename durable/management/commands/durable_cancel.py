"""`manage.py durable_cancel RUN…`: end runs that have not ended."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

import durable
from durable.management.command import DatabaseCommand
from durable.management.find import find_run


class Command(DatabaseCommand):
    """With `--verbosity 0` nothing is printed."""

    help = "Cancel runs: no further step of them starts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("run", nargs="+", help="ids, or enough of their beginning or end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Cancel them, if each of them is found."""
        for run in [find_run(text) for text in options["run"]]:
            is_cancelled = durable.cancel(run.pk)
            if options["verbosity"]:
                word = "cancelled" if is_cancelled else f"had ended: {run.status}"
                self.stdout.write(f"run {run.pk} of {run.function} {word}")
