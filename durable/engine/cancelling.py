"""`cancel=`: events that cancel the runs of a function, written down when the runs are."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from durable.authoring.event import Event
from durable.authoring.flow import Cancel
from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.engine.call import events_of
from durable.errors import ExpressionFailedError, ExpressionInvalidError
from durable.expressions.condition import Condition
from durable.models import Event as EventRow
from durable.models import Run, Wait
from durable.signals import told
from durable.store import Store
from durable.store.clock import database_in, database_now

logger = logging.getLogger("durable.engine")


def await_cancels(store: Store, event: EventRow, functions: Iterable[str]) -> None:
    """Write down, in the transaction that starts runs for an event, which events cancel them."""
    known = [registry.functions[one] for one in functions if one in registry.functions]
    watching = {function.id: function for function in known if function.cancel}
    if not watching:
        return
    (start,) = events_of(event)()
    runs = Run.objects.using(store.alias).filter(event=event.pk, function__in=list(watching))
    watched = Wait.objects.using(store.alias).filter(run__event=event.pk, step=None)
    runs = runs.filter(ended=None).exclude(pk__in=watched.values("run"))
    waits: list[Wait] = []
    for run in runs.only("function", "due_at"):
        waits += _waits(run, watching[run.function], start)
    store.waits.insert(waits)


def forget_cancels(store: Store, run: UUID, function_id: str) -> None:
    """Wait no more for events that would cancel a run: it has ended.

    Not in the transaction of the end: one that is left behind finds nothing to cancel.
    """
    function = registry.functions.get(function_id)
    if function is not None and function.cancel:
        store.waits.forget(run)


def _waits(run: Run, function: Function, start: Event) -> Sequence[Wait]:
    found = []
    for cancel in function.cancel:
        what = f"function {function.id!r}, Cancel({cancel.event!r})"
        try:
            condition = Condition.of(
                cancel.event,
                event=start.as_dict(),
                if_exp=cancel.if_exp,
                tenant=start.tenant,
                what=what,
            )
        except (ExpressionFailedError, ExpressionInvalidError) as error:
            logger.warning("%s: this run will not be cancelled by it: %s", what, told(error))
            continue
        found.append(_wait(run, cancel, condition))
    return found


def _wait(run: Run, cancel: Cancel, condition: Condition) -> Wait:
    expires: Any = None if cancel.seconds is None else database_in(cancel.seconds)
    now: Any = database_now()
    return Wait(
        run=run,
        event=cancel.event,
        path=condition.path,
        match=condition.key,
        rest=condition.rest,
        expires=expires,
        created=now,
    )
