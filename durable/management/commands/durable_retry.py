"""`manage.py durable_retry RUN…`: have runs go on that failed or were cancelled."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from durable.errors import RunStateError
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.management.find import find_run
from durable.operations.act import Deed, act
from durable.store import get_store


class Command(DatabaseCommand):
    """With `--verbosity 0` nothing is printed."""

    help = "Have runs that failed, or were cancelled, go on from the step that failed."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("run", nargs="+", help="ids, or enough of their beginning or end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Retry all of them, or none."""
        runs = [find_run(text) for text in options["run"]]
        try:
            with transaction.atomic(get_store().alias):
                for run in runs:
                    act(commander(), Deed(verb="retry", run=run.pk))
        except RunStateError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write("\n".join(f"run {run.pk} of {run.function} goes on" for run in runs))
