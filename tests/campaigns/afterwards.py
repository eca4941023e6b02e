"""X10: who meets after the end: prunes, replays, retries, children that end late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import durable
from durable import clock
from durable.engine.aftermath import End, conclude
from durable.engine.timers import ring
from durable.errors import DurableError, RunStateError
from durable.models import Event, Run, Step
from durable.models.status import FINAL_RUN
from durable.operations.audit import Actor
from durable.operations.dispatch import resend_event
from durable.operations.prune import prune
from durable.operations.retention import Retention
from durable.store import Store
from durable.store.rows import Child, RunClaim
from tests.campaigns.interleave import Acts
from tests.campaigns.racecourse import one_step, race, the_run
from tests.campaigns.scenarios.scenario import function
from tests.integration.store import kit


def _child_and_time_out(store: Store) -> Acts:
    run = kit.planned(store, "a", park=True)
    Step.objects.update(op="invoke")
    (step,) = Step.objects.all()
    event = kit.event()
    store.children.create(run.id, [Child(function="child", event=event, key=step.key)])
    (child,) = store.runs.claim(kit.RIVAL)
    end = End(run=child, status="completed", output="1")
    write = partial(store.runs.finish, child, "completed", output="1")
    return [
        partial(conclude, store, end, write),
        lambda: ring(store, store.steps.claim(kit.ME, 1, run.id)),
    ]


def _one_end(results: Sequence[Any]) -> None:
    assert Run.objects.get(parent__isnull=False).status == "completed"
    parent, step = Run.objects.get(parent=None), Step.objects.get()
    assert step.status in ("done", "failed")
    assert (parent.status, parent.pending) == ("queued", 0)


def _replay_twice(store: Store) -> Acts:
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output="1")
    return [partial(durable.replay, run.id), partial(durable.replay, run.id)]


def _two_more(results: Sequence[Any]) -> None:
    assert sorted(Run.objects.values_list("replay", flat=True)) == [0, 1, 2]


def _retry_twice(store: Store) -> Acts:
    run = kit.claimed(store)
    store.runs.finish(run, "failed", failure=kit.failure())
    return [partial(durable.retry, run.id), partial(durable.retry, run.id)]


def _retried_once(results: Sequence[Any]) -> None:
    assert sum(isinstance(one, RunStateError) for one in results) == 1
    assert (the_run().status, the_run().claim) == ("queued", 2)


def _old(store: Store) -> RunClaim:
    """Have a run that ended so long ago that nobody keeps it."""
    function(one_step, "f", "x10")
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output="1")
    clock.travel(timedelta(days=9))
    return run


def _prune(store: Store) -> None:
    for _ in prune(store, Retention(usual=dict.fromkeys(FINAL_RUN, timedelta(days=2)))):
        pass


def _prune_and_replay(store: Store) -> Acts:
    return [partial(_prune, store), partial(durable.replay, _old(store).id)]


def _prune_and_resend(store: Store) -> Acts:
    _old(store)
    resend = partial(resend_event, Event.objects.get().pk, ["f"], actor=Actor(who="sam", via="api"))
    return [partial(_prune, store), resend]


def _gone_or_begun(results: Sequence[Any]) -> None:
    """What was pruned went whole; what was begun before that has its event."""
    is_begun = not isinstance(results[1], DurableError)
    assert Run.objects.exclude(status="completed").count() == is_begun
    assert all(run.event is not None for run in Run.objects.select_related("event"))


RACES = (
    race("X10 child and time-out", _child_and_time_out, _one_end),
    race("X10 prune and replay", _prune_and_replay, _gone_or_begun, DurableError),
    race("X10 prune and resend", _prune_and_resend, _gone_or_begun, DurableError),
    race("X10 two replays", _replay_twice, _two_more),
    race("X10 two retries", _retry_twice, _retried_once, RunStateError),
)
