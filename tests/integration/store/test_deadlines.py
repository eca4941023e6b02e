"""Deadlines: what has run out of time is not claimed, is found, and wakes workers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durable import clock
from durable.models import Run
from durable.store import Store
from durable.store.rows import NewRun
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def to_start(store: Store, seconds: float) -> Run:
    """Store a run that has to start within so many seconds."""
    on = kit.event()
    store.runs.create_each([NewRun(event=on, function="f", start_within=seconds)])
    return Run.objects.get(event=on)


def test_a_run_that_starts_in_time_has_no_deadline_any_more(store: Store) -> None:
    run = to_start(store, 60)
    assert run.deadline is not None
    kit.later(58)
    (claim,) = store.runs.claim(kit.ME)
    assert kit.row(claim).deadline is None
    assert kit.row(claim).started is not None


def test_a_run_that_is_late_is_not_claimed(store: Store) -> None:
    run = to_start(store, 60)
    kit.later(61)
    assert store.runs.claim(kit.ME) == []
    (late,) = store.runs.overdue(10)
    assert (late.id, late.function, late.started) == (run.pk, "f", None)
    assert late.deadline == run.deadline


def test_a_deadline_to_finish_stays_when_others_take_over(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.limit(run, 100)
    deadline = kit.row(run).deadline
    assert deadline is not None
    assert abs(deadline - clock.now() - timedelta(seconds=100)) < timedelta(seconds=5)
    new = kit.taken_over(store, run)
    store.runs.limit(new, 500)
    assert kit.row(new).deadline == deadline


def test_who_does_not_hold_the_run_gives_it_no_deadline(store: Store) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    store.runs.limit(old, 100)
    assert kit.row(new).deadline is None


@pytest.mark.parametrize("close_steps", [False, True])
def test_a_run_that_has_ended_has_none(store: Store, close_steps: bool) -> None:
    run = kit.claimed(store)
    store.runs.limit(run, 100)
    assert store.runs.finish(run, "completed", output="1", close_steps=close_steps)
    assert kit.row(run).deadline is None
    kit.later(200)
    assert store.runs.overdue(10) == []


def test_workers_are_told_when_the_next_one_passes(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.limit(run, 10)
    wait = store.due(10).next_in
    assert wait is not None and 9 < wait < 10.1
    kit.later(11)
    assert store.due(10).count == 1
    assert store.runs.cancel(run.id, "late", is_overdue=True)
    assert store.due(10).count == 0


def test_a_run_that_is_in_time_is_not_cancelled_for_being_late(store: Store) -> None:
    run = kit.claimed(store)
    assert not store.runs.cancel(run.id, "late", is_overdue=True)
    store.runs.limit(run, 10)
    assert not store.runs.cancel(run.id, "late", is_overdue=True)
    assert kit.row(run).status == "running"


def test_late_runs_are_found_oldest_first_up_to_a_limit(store: Store) -> None:
    later, sooner = to_start(store, 20), to_start(store, 10)
    to_start(store, 500)
    kit.later(60)
    assert [late.id for late in store.runs.overdue(10)] == [sooner.pk, later.pk]
    assert [late.id for late in store.runs.overdue(1)] == [sooner.pk]


def test_held_steps_are_told_from_lost_ones(store: Store) -> None:
    claims = kit.parked(store, "a", "b")
    assert store.steps.held(claims) == {claim.id for claim in claims}
    store.runs.cancel(claims[0].run, "enough")
    assert store.steps.held(claims) == set()
