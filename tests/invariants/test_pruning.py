"""A run that is removed is retried or replayed at the same moment: it goes whole, or stays whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count
from types import ModuleType
from typing import Any

import pytest

import durable
from durable.errors import EventInvalidError, RunNotFoundError, RunStateError, StepNotFoundError
from durable.models import Blob, Event, Run, RunStatus, Step
from durable.models.status import FINAL_RUN
from durable.operations.audit import Actor
from durable.operations.dispatch import resend_event
from durable.operations.prune import prune
from durable.operations.retention import Retention
from durable.store import get_store
from tests.integration import rows
from tests.invariants.actors import preempted

MONTH = Retention(dict.fromkeys(FINAL_RUN, timedelta(days=30)))
STEPS = 3


def remove() -> int:
    return sum(batch.removed.runs for batch in prune(get_store(), MONTH))


def old_run(clock: ModuleType) -> Run:
    """Store a failed run with a large result, and let a month pass."""
    run = rows.run(RunStatus.FAILED)
    rows.large(run, '"' + "x" * 3000 + '"', rows.step(run, "fetch"))
    rows.step(run, "charge")
    rows.step(run, "last")
    clock.travel(timedelta(days=31))
    return run


def unless_gone(act: Callable[[Run], object], run: Run) -> object:
    try:
        return act(run)
    except (EventInvalidError, RunNotFoundError, RunStateError, StepNotFoundError):
        return "gone"


def is_whole(run: Any) -> bool:
    """Whether all of a run is there, or nothing."""
    parts = {
        Step.objects.filter(run=run).count(),
        Run.objects.filter(pk=run).count() * STEPS,
        Blob.objects.filter(run=run).count() * STEPS,
        Event.objects.filter(runs=run).count() * STEPS,
    }
    return len(parts) == 1


def replay(run: Run) -> object:
    return durable.replay(run.pk, from_step="last")


def resend(run: Run) -> object:
    assert run.event_id is not None
    return resend_event(run.event_id, ["again"], actor=Actor(who="sam", via="api"))


@pytest.mark.parametrize("goes_first", ["remove", "act"])
@pytest.mark.parametrize(
    "act", [lambda run: durable.retry(run.pk), replay], ids=["retry", "replay"]
)
def test_run_goes_whole_or_stays_whole(
    clock: ModuleType, act: Callable[[Run], object], goes_first: str
) -> None:
    for stop_at in count(1):
        run = old_run(clock)
        both: list[Callable[[], Any]] = [remove, partial(unless_gone, act, run)]
        first, second = both if goes_first == "remove" else both[::-1]
        met = preempted(first, second, stop_at)
        if met is None:
            assert stop_at > 3
            return
        removed, done = met[:2] if goes_first == "remove" else met[1::-1]
        was_replayed = isinstance(done, str) and done != "gone"
        assert is_whole(run.pk) or was_replayed, met
        if was_replayed:
            assert Step.objects.filter(run=done).count() == STEPS - 1, met
            assert Blob.objects.filter(run=done).count() == 1, met
        assert removed in (0, 1)
        Run.objects.all().delete()
        Event.objects.all().delete()


def test_an_event_that_is_sent_again_stays_until_its_new_run_is_there(clock: ModuleType) -> None:
    """Retention took it in between, and who sent it again saw an error of the database."""
    trigger = durable.TriggerEvent(event="never")
    durable.create_function(fn_id="again", trigger=trigger)(lambda ctx: None)
    for stop_at in count(1):
        run = old_run(clock)
        met = preempted(partial(unless_gone, resend, run), remove, stop_at)
        if met is None:
            assert stop_at > 3
            return
        assert Run.objects.filter(function="again", event=run.event_id).count() == (
            met[0] != "gone"
        )
        Run.objects.all().delete()
        Event.objects.all().delete()
