"""`manage.py durable_send NAME --data JSON`: send one event."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from durable.authoring.event import Event as Sent
from durable.authoring.registry import registry
from durable.errors import DurableError
from durable.ids import new_id
from durable.management.actor import commander
from durable.management.command import DatabaseCommand
from durable.models import Event, Run
from durable.operations.dispatch import send_event
from durable.store import get_store

_SHOWN = 20  # runs that are listed


class Command(DatabaseCommand):
    """With `--verbosity 0` only the event's id is printed."""

    help = "Send an event, and say which runs it started."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", help="of the event, for example shop/order.paid")
        parser.add_argument("--data", default="{}", help="a JSON object; - reads it from stdin")
        parser.add_argument("--id", default="", help="have it count once, however often it is sent")
        parser.add_argument("--tenant", default="", help="whose it is")
        parser.add_argument("--subject", default="", help="what it is about: shop.order:7")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send it."""
        store = get_store()
        begun = new_id()  # ids sort by time
        data = _data(sys.stdin.read() if options["data"] == "-" else options["data"])
        given = {name: options[name] for name in ("name", "id", "tenant", "subject")}
        event = Sent(data=data, **given)
        try:
            with transaction.atomic(using=store.alias):  # until then nobody has got it
                event_id = send_event(event, actor=commander())
                is_awaited = bool(store.waits.paths([event.name]))
        except DurableError as error:
            raise CommandError(str(error).removeprefix("events[0]: ")) from error
        if options["verbosity"] == 0:
            self.stdout.write(event_id)
            return
        self.stdout.write(f"event {event_id}")
        known = Event.objects.using(store.alias).only("name").get(pk=event_id)
        if known.pk < begun:
            self.stdout.write(self.style.WARNING("It was sent before; these are its runs."))
        self._list_runs(known, is_awaited=is_awaited)

    def _list_runs(self, event: Event, *, is_awaited: bool) -> None:
        runs = Run.objects.using(get_store().alias).filter(event=event).order_by("function")
        found = list(runs.only("pk", "function")[: _SHOWN + 1])
        for run in found[:_SHOWN]:
            self.stdout.write(f"run   {run.pk}  {run.function}")
        if len(found) > _SHOWN:
            self.stdout.write("…")
        if not found and is_awaited:
            self.stdout.write(
                "It started nothing. Runs wait for events of its name: whom it fits gets it."
            )
        elif not found:
            notice = f"{_reason(event.name)}: the event is stored, and nothing was started."
            self.stdout.write(self.style.WARNING(notice))


def _reason(name: str) -> str:
    pairs = registry.listeners(name)
    if any(trigger.expression for trigger, _ in pairs):
        return f"No expression of the functions that listen to {name!r} holds for it"
    near = None if pairs else registry.nearest(name)
    hint = f" (did you mean {near!r}?)" if near else ""
    return f"No function listens to {name!r}{hint}"


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--data is not JSON: {error}. It is {text[:60]!r}.") from error
