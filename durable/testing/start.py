"""Starting the run that a test asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from durable import clock, codec
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerEvent
from durable.conf import conf
from durable.engine.cancelling import await_cancels
from durable.engine.ingest import ingest
from durable.ids import new_id
from durable.models import Event as EventRow
from durable.models import Run
from durable.store import get_store

_SCHEDULED = "durable/scheduled.timer"


def start(function: Function | str, given: Mapping[str, Any] | Event | None) -> Run:
    """Start a function, and no other, with data; or send an event that starts it.

    Raises:
        FunctionNotFoundError: there is no such function.
        AssertionError: the event does not start it.
        DurableError: the event was refused.
    """
    function = function if isinstance(function, Function) else registry.get(function)
    event = _send(given) if isinstance(given, Event) else _start(function, given or {})
    runs = Run.objects.using(get_store().alias).filter(event=event, function=function.id)
    run = runs.first()
    if run is None:
        assert isinstance(given, Event)
        raise AssertionError(f"event {given.name!r} with {given.data!r} started no {function.id!r}")
    return run


def _send(event: Event) -> UUID:
    (sent,) = ingest([event])
    return UUID(sent)


def _start(function: Function, data: Mapping[str, Any]) -> UUID:
    store = get_store()
    limit = conf.MAX_EVENT_BYTES
    text = codec.encode(
        dict(data), what="data", limit=limit, setting="MAX_EVENT_BYTES", depth=conf.MAX_DEPTH
    )
    row = EventRow(id=new_id(), name=_name(function), data=text, ts=clock.now())
    with transaction.atomic(store.alias):
        store.events.insert([row])
        store.runs.create(row, [function.id])
        await_cancels(store, row, [function.id])
    return row.pk


def _name(function: Function) -> str:
    """Return a name that its first trigger on events matches; else that of what schedules send."""
    names = [one.event for one in function.triggers if isinstance(one, TriggerEvent)]
    return names[0].replace("*", "test") if names else _SCHEDULED
