"""A run that parks while a step ends: whoever comes first, the run is due afterwards, exactly once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

from durable.models import Run
from durable.playback.request import ParallelMode
from durable.store import Store
from durable.store.rows import RunClaim, StepClaim
from tests.integration.store import kit
from tests.invariants.actors import preempted

MODES = pytest.mark.parametrize("mode", ParallelMode)
HELPER, OTHER = "helper:1:1", "other:1:1"


def park(store: Store, run: RunClaim) -> None:
    """Do as a planner does that has nothing more to run itself."""
    if not store.runs.park(run) and store.runs.count_pending(run):
        store.runs.release(run)


def flush(store: Store, claim: StepClaim, mode: ParallelMode) -> int:
    return store.steps.flush([(claim, kit.done(claim.name, mode=mode))]).woken


def in_flight(store: Store, mode: ParallelMode) -> tuple[RunClaim, StepClaim]:
    """Plan a wave: in WAIT its last step is running, in RACE the first of two."""
    run = kit.planned(store, "a", "b", mode=mode)
    a, b = store.steps.claim(HELPER, 2, run.id)
    if mode is ParallelMode.WAIT:
        flush(store, a, mode)
    return run, b


def check_due_once(store: Store, run: RunClaim, where: str) -> None:
    """Whoever drives the run next finds it, unless its planner still holds it and knows."""
    row = kit.row(run)
    if row.status == "running":
        assert (row.pending, row.owner) == (0, kit.ME), where
        assert not store.runs.park(run), where
        store.runs.release(run)
    claims = store.runs.claim(OTHER, 5)
    assert [claim.id for claim in claims] == [run.id], where
    Run.objects.filter(pk=run.id).update(due_at=None)


def sweep(store: Store, mode: ParallelMode, planner_first: bool) -> None:
    for stop_at in count(1):
        run, claim = in_flight(store, mode)
        actors: list[Callable[[], Any]] = [
            partial(park, store, run),
            partial(flush, store, claim, mode),
        ]
        first, second = actors if planner_first else reversed(actors)
        both = preempted(first, second, stop_at)
        if both is None:
            break
        check_due_once(store, run, both[2])
    assert stop_at > 1


@MODES
def test_a_step_that_ends_while_its_run_parks_is_not_missed(
    store: Store, mode: ParallelMode
) -> None:
    sweep(store, mode, planner_first=True)


@MODES
def test_a_run_that_parks_while_a_step_ends_is_not_missed(store: Store, mode: ParallelMode) -> None:
    sweep(store, mode, planner_first=False)


@MODES
def test_two_steps_that_end_together_make_their_run_due_once(
    store: Store, mode: ParallelMode
) -> None:
    for stop_at in count(1):
        a, b = kit.parked(store, "a", "b", mode=mode)
        both = preempted(partial(flush, store, a, mode), partial(flush, store, b, mode), stop_at)
        if both is None:
            break
        row = kit.row(a)
        assert (row.status, row.pending) == ("queued", 0), both[2]
        assert both[0] + both[1] == 1, both[2]
        assert [run.id for run in store.runs.claim(OTHER, 5)] == [a.run], both[2]
        Run.objects.filter(pk=a.run).update(due_at=None)
    assert stop_at > 1


@MODES
def test_a_step_that_ends_while_its_run_is_planned_to_rest_is_not_missed(
    store: Store, mode: ParallelMode
) -> None:
    """The second wave is planned, and the run parked with it, while a step of the first one ends."""
    for stop_at in count(1):
        run, claim = in_flight(store, ParallelMode.RACE)
        plan = [kit.request("c", mode=mode)]
        second_wave = RunClaim(id=run.id, claim=run.claim, function="f", event=None, wave=1)
        both = preempted(
            partial(store.steps.plan, second_wave, plan, park=True),
            partial(flush, store, claim, ParallelMode.RACE),
            stop_at,
        )
        if both is None:
            break
        row = kit.row(run)
        assert (row.status, row.pending, row.wave) == ("queued", 2, 2), both[2]
        Run.objects.filter(pk=run.id).update(due_at=None)
    assert stop_at > 1
