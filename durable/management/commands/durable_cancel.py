"""`manage.py durable_cancel RUN…`: end runs that have not ended."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from durable.errors import RunStateError
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.management.find import find_run
from durable.models import Run
from durable.operations.act import Deed, act


class Command(DatabaseCommand):
    """With `--verbosity 0` nothing is printed."""

    help = "Cancel runs: no further step of them starts."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("run", nargs="+", help="ids, or enough of their beginning or end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Cancel them, if each of them is found."""
        for run in [find_run(text) for text in options["run"]]:
            is_cancelled = _cancel(run)
            if options["verbosity"]:
                word = "cancelled" if is_cancelled else f"had ended: {run.status}"
                self.stdout.write(f"run {run.pk} of {run.function} {word}")


def _cancel(run: Run) -> bool:
    deed = Deed(verb="cancel", run=run.pk, reason="It was cancelled by durable_cancel.")
    try:
        return act(commander(), deed).is_new
    except RunStateError:
        run.refresh_from_db()
        return False
