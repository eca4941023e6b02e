"""Invoking functions: an event and a run for each step that waits for one, planned in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from durable import codec
from durable.authoring.event import INVOKED
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine.announce import event_row, is_echo, is_heard
from durable.engine.cancelling import await_cancels
from durable.engine.ending import ended
from durable.engine.route import route
from durable.errors import (
    FunctionNotFoundError,
    LimitExceededError,
    OutputUnserializableError,
    StepError,
    StepMisuseError,
)
from durable.models import Event as EventRow
from durable.playback.failure import found
from durable.playback.request import Invoke, Request
from durable.store import Store
from durable.store.after import after_commit
from durable.store.rows import Child, RunClaim
from durable.wake import wake

_REFUSED = (StepError, StepMisuseError, OutputUnserializableError, LimitExceededError)


def invoke(store: Store, run: RunClaim, requests: Sequence[Request]) -> None:
    """Start, in the transaction that plans the steps, the runs they wait for.

    A step that asks for what cannot be started fails at once.
    """
    due, events, children = 0, [], []
    source = None if run.event is None else EventRow.objects.using(store.alias).get(pk=run.event)
    for request in requests:
        try:
            event, child = _child(run, source, request)
        except _REFUSED as error:
            due += _refuse(store, run, request, error)
        else:
            events.append(event)
            children.append(child)
    store.events.insert(events)
    store.children.create(run.id, children)
    for event, child in zip(events, children, strict=True):
        await_cancels(store, event, [child.function])
    due += len(children) + _tell(store, run, source, events)
    after_commit(store.alias, wake, due)


def _child(run: RunClaim, source: EventRow | None, request: Request) -> tuple[EventRow, Child]:
    assert isinstance(request.what, Invoke)
    function = _known(request.what.function)
    event = event_row(INVOKED, _data(run, request, request.what), source=source)
    return event, Child(function=function, event=event, key=request.key)


def _known(function_id: str) -> str:
    try:
        return registry.get(function_id).id
    except FunctionNotFoundError:
        guess = registry.guess(function_id)
        message = f"could not find function with ID: {function_id}{guess and '.' + guess}"
        raise StepError(message, "Error") from None


def _data(run: RunClaim, request: Request, what: Invoke) -> str:
    data = {} if what.data is None else what.data
    if not isinstance(data, Mapping):
        raise StepMisuseError(
            f"Step {request.title!r}: data must be a dict, not {type(data).__name__}."
        )
    source = {"function_id": run.function, "run_id": str(run.id), "step_id": request.title}
    mine = {
        "fn_id": what.function,
        "correlation_id": f"{run.id}.{request.key}",
        "source": source,
    }
    return codec.encode(
        {**data, "_durable": mine},
        what=f"the data of step {request.title!r}",
        limit=conf.MAX_EVENT_BYTES,
        setting="MAX_EVENT_BYTES",
        depth=conf.MAX_DEPTH,
    )


def _refuse(store: Store, run: RunClaim, request: Request, error: Any) -> int:
    step = store.steps.take(run.id, request.key)
    assert step is not None  # it was planned a moment ago, in this transaction
    return store.steps.flush([(step, ended(step, failure=found(error)))]).woken


def _tell(store: Store, run: RunClaim, source: EventRow | None, events: Sequence[EventRow]) -> int:
    """Start the functions that listen to invocations; return how many runs that makes."""
    if not is_heard(INVOKED) or is_echo(source.name if source else "", run.parent):
        return 0
    started = 0
    for event in events:
        functions = route(event).functions
        store.runs.create(event, functions)
        await_cancels(store, event, functions)
        started += len(functions)
    return started
