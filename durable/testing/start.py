"""Starting the run that a test asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.timezone import get_default_timezone

from durable import clock, codec
from durable.authoring import cron
from durable.authoring.event import Event
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.conf import conf
from durable.engine.cancelling import await_cancels
from durable.engine.cron import EVENT, delay, told
from durable.engine.ingest import ingest
from durable.ids import new_id
from durable.models import Event as EventRow
from durable.models import Run
from durable.store import get_store


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
    name, data = _event(function, data)
    text = codec.encode(
        data, what="data", limit=limit, setting="MAX_EVENT_BYTES", depth=conf.MAX_DEPTH
    )
    row = EventRow(id=new_id(), name=name, data=text, ts=clock.now())
    with transaction.atomic(store.alias):
        store.events.insert([row])
        store.runs.create(row, [function.id])
        await_cancels(store, row, [function.id])
    return row.pk


def _event(function: Function, data: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and the data of an event of its first trigger."""
    first = function.triggers[0]
    if isinstance(first, TriggerEvent):
        return first.event.replace("*", "test"), dict(data)
    return EVENT, {**_latest(function.id, first), **data}


def _latest(function: str, trigger: TriggerCron) -> dict[str, str]:
    """Return what the run of the last time that has come would be told."""
    if not cron.is_installed():
        return {}
    tick, _ = trigger.line.around(clock.now(), get_default_timezone())
    return told(trigger.line.text, tick, tick + delay(function, trigger, tick))
