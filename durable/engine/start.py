"""Starting one function by its id, without an event that anybody sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction

from durable.authoring.event import INVOKED
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.engine.announce import event_row
from durable.engine.cancelling import await_cancels
from durable.engine.ingest import data_text, dedupe_key
from durable.engine.route import route
from durable.engine.terms import start_within
from durable.models import Event, Run
from durable.store import Store
from durable.store.after import after_commit
from durable.store.executor import repeat
from durable.store.rows import NewRun
from durable.wake import wake


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run, and whether it was started now; if not, it had been for the same id."""

    run: Run
    is_new: bool


def start(
    store: Store,
    function_id: str,
    data: Mapping[str, Any],
    *,
    custom_id: str = "",
    tenant: str = "",
) -> Started:
    """Start a function, in the caller's transaction if there is one, whatever triggers it has.

    Args:
        store: where.
        function_id: of the function.
        data: of the event that the run is given, which starts nothing else but what listens to
            invocations.
        custom_id: with one of these the function is started once in each tenant, for ever.
        tenant: whose run it is.

    Raises:
        FunctionNotFoundError: this process does not know it, or it is durable's own.
        EventInvalidError, OutputUnserializableError, LimitExceededError: `data` cannot be stored.
    """
    function = registry.get_of_site(function_id)
    text = data_text(_marked(data, function.id), f"invoke {function.id!r}")
    event = event_row(INVOKED, text, source=Event(tenant=tenant))
    if custom_id:
        event.custom_id = custom_id
        event.dedupe_key = dedupe_key(INVOKED, f"{function.id}\0{custom_id}", tenant)
    return repeat(store.alias, partial(_start, store, function, event))


def is_of(run: Run, data: Mapping[str, Any]) -> bool:
    """Say whether a run that was started by its function's id was given these data; erased ones are any."""
    event = run.event
    assert event is not None  # it goes with its last run
    return event.erased is not None or event.value == _marked(data, run.function)


def _marked(data: Mapping[str, Any], function_id: str) -> dict[str, Any]:
    return {**data, "_durable": {"fn_id": function_id}}


def _start(store: Store, function: Function, event: Event) -> Started:
    runs = Run.objects.using(store.alias).filter(function=function.id)
    with transaction.atomic(store.alias):
        first = store.events.insert([event])[event.pk]
        is_new = first == event.pk
        if is_new:
            within = start_within([function]).get(function.id)
            store.runs.create_each([NewRun(event=event, function=function.id, start_within=within)])
            others = [one for one in route(event).functions if one != function.id]
            store.runs.create(event, others)
            await_cancels(store, event, [function.id, *others])
            count = 1 + len(others)
            after_commit(store.alias, wake, count)
        # The first of them: a replay of it has the same event.
        run = runs.filter(event=first).order_by("replay").first()
    assert run is not None  # it is written with its event
    return Started(run=run, is_new=is_new)
