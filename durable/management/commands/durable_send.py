"""`manage.py durable_send NAME --data JSON`: send one event."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

import durable
from durable import clock
from durable.errors import DurableError
from durable.models import Event, Run
from durable.store import get_store

_SHOWN = 20  # runs that are listed


class Command(BaseCommand):
    """With `--verbosity 0` only the event's id is printed."""

    help = "Send an event, and say which runs it started."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", help="of the event, for example shop/order.paid")
        parser.add_argument("--data", default="{}", help="a JSON object; - reads it from stdin")
        parser.add_argument("--id", default="", help="have it count once, however often it is sent")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send it."""
        begun = clock.now()
        data = _data(sys.stdin.read() if options["data"] == "-" else options["data"])
        event = durable.Event(name=options["name"], data=data, id=options["id"])
        try:
            (event_id,) = durable.send(event)
        except DurableError as error:
            raise CommandError(str(error).removeprefix("events[0]: ")) from error
        if options["verbosity"] == 0:
            self.stdout.write(event_id)
            return
        self.stdout.write(f"event {event_id}")
        known = Event.objects.using(get_store().alias).only("name", "received").get(pk=event_id)
        if known.received < begun:
            self.stdout.write(self.style.WARNING("It was sent before; these are its runs."))
        self._list_runs(known)

    def _list_runs(self, event: Event) -> None:
        runs = Run.objects.using(get_store().alias).filter(event=event).order_by("function")
        found = list(runs.only("pk", "function")[: _SHOWN + 1])
        for run in found[:_SHOWN]:
            self.stdout.write(f"run   {run.pk}  {run.function}")
        if len(found) > _SHOWN:
            self.stdout.write("…")
        if not found:
            notice = f"No function listens to {event.name!r}: the event is stored, and nothing was started."
            self.stdout.write(self.style.WARNING(notice))


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--data is not JSON: {error}. It is {text[:60]!r}.") from error
