"""A function of our own that does nothing, and the way to it and back: what `durable_doctor` tries."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from durable.authoring.context import ContextSync
from durable.authoring.event import RESERVED
from durable.authoring.trigger import TriggerEvent
from durable.client import default
from durable.engine.announce import event_row
from durable.ids import new_id
from durable.models import Event, Run, RunStatus
from durable.models.status import FINAL_RUN
from durable.store import Store
from durable.wake import wake

FUNCTION = "durable-roundtrip"
ASKED = f"{RESERVED[0]}roundtrip.asked"
_LOOK = 0.02  # seconds between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """What came of one round trip. Times are seconds since it was asked for; None if it did not come."""

    status: str
    reason: str  # why it rested, or what it failed with
    taken: float | None
    ended: float | None

    @property
    def is_good(self) -> bool:
        """Whether a worker did it."""
        return self.status == RunStatus.COMPLETED


@default.create_function(
    fn_id=FUNCTION,
    name="Round trip of durable_doctor",
    trigger=TriggerEvent(event=ASKED),
    retries=0,
    strict=False,
)
def answer(ctx: ContextSync) -> str:
    """Record one step, as any function would."""
    return ctx.step.run("answer", str, "here")


def travel(store: Store, patience: float, pause: Callable[[float], object] = time.sleep) -> Trip:
    """Start a run, wake a worker, and wait until it has ended; leave nothing behind.

    Args:
        store: where the run is to be.
        patience: seconds to wait.
        pause: sleeps for so many seconds.
    """
    run = _start(store)
    begun = time.monotonic()
    wake()
    taken: float | None = None
    try:
        while True:
            row = Run.objects.using(store.alias).get(pk=run)
            passed = time.monotonic() - begun
            if taken is None and row.started is not None:
                taken = passed
            if row.status in FINAL_RUN or passed > patience:
                return _trip(row, taken, passed)
            pause(_LOOK)
    finally:
        _remove(store, run)


def _start(store: Store) -> UUID:
    event = event_row(ASKED, "{}", str(new_id()))
    with transaction.atomic(store.alias):
        store.events.insert([event])
        store.runs.create(event, [FUNCTION])
    return Run.objects.using(store.alias).get(event=event.pk).pk


def _trip(run: Run, taken: float | None, passed: float) -> Trip:
    failure = run.failure
    reason = f"{failure['name']}: {failure['message']}" if failure else run.reason
    ended = passed if run.status in FINAL_RUN else None
    return Trip(status=run.status, reason=reason, taken=taken, ended=ended)


def _remove(store: Store, run: UUID) -> None:
    """Delete the run with its event; a worker that holds it finds that it holds nothing."""
    with transaction.atomic(store.alias):
        rows = Run.objects.using(store.alias).filter(pk=run)
        events = list(rows.values_list("event", flat=True))
        rows.delete()
        Event.objects.using(store.alias).filter(pk__in=events).delete()
