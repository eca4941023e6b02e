"""`manage.py durable_replay RUN`: repeat a run, as a new one."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from durable.errors import DurableError
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.management.find import find_run
from durable.operations.act import Deed, act


class Command(DatabaseCommand):
    """With `--verbosity 0` only the id of the new run is printed."""

    help = "Make a new run of the same function, with the same event or other data."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("run", help="its id, or enough of the beginning or the end of it")
        parser.add_argument("--from-step", help="copy what was done before this step")
        parser.add_argument("--input", help="other data, a JSON object; - reads it from stdin")

    def handle(self, *args: Any, **options: Any) -> None:
        """Repeat it."""
        run = find_run(options["run"])
        given = sys.stdin.read() if options["input"] == "-" else options["input"]
        try:
            data = _data(given)
            deed = Deed(verb="replay", run=run.pk, step=options["from_step"], data=data)
            new = act(commander(), deed).made
        except DurableError as error:
            raise CommandError(str(error)) from error
        text = f"run {new} of {run.function} repeats {run.pk}"
        self.stdout.write(text if options["verbosity"] else new)


def _data(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--input is not JSON: {error}. It is {text!r:.60}.") from error
