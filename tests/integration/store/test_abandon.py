"""Giving up planned steps that nobody needs: under the claim of their run, and for good."""

from __future__ import annotations

import pytest

from durable.playback.interrupt import Fenced
from durable.playback.request import ParallelMode
from durable.store import Store
from durable.store.rows import RunClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def abandon(store: Store, run: RunClaim, *names: str) -> None:
    store.steps.abandon(run, [kit.request(name).key for name in names])


def test_a_step_that_waits_is_given_up(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    abandon(store, run, "a")
    step = kit.step(run, "a")
    assert (step.status, step.due_at, step.owner, step.output) == ("cancelled", None, None, None)
    assert step.ended is not None
    assert (kit.step(run, "b").status, kit.row(run).pending) == ("pending", 1)


def test_nobody_can_claim_it_any_more(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    abandon(store, run, "a", "b")
    assert store.steps.claim(kit.RIVAL, 9) == []


def test_the_late_result_of_a_step_that_runs_is_not_written(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    claims = store.steps.claim(kit.RIVAL, 2)
    abandon(store, run, "a")
    flush = store.steps.flush([(claim, kit.done(claim.name)) for claim in claims])
    assert [claim.name for claim, _ in flush.written] == ["b"]
    assert (kit.step(run, "a").status, kit.step(run, "a").output) == ("cancelled", None)
    assert kit.row(run).pending == 0


def test_a_result_that_came_first_is_given_up_as_well(store: Store) -> None:
    """Who drives the run went on without it, so no later call may find it."""
    run = kit.planned(store, "a", "b", mode=ParallelMode.RACE)
    (claim,) = store.steps.claim(kit.RIVAL, 1)
    store.steps.flush([(claim, kit.done("a"))])
    ended = kit.step(run, "a").ended
    abandon(store, run, "a")
    assert (kit.step(run, "a").status, kit.step(run, "a").ended) == ("cancelled", ended)
    assert kit.row(run).pending == 1


def test_it_can_be_said_twice(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    abandon(store, run, "a")
    abandon(store, run, "a")
    assert kit.row(run).pending == 1


def test_only_who_holds_the_run_gives_up(store: Store) -> None:
    run = kit.planned(store, "a")
    kit.taken_over(store, run)
    with pytest.raises(Fenced):
        abandon(store, run, "a")
    assert (kit.step(run, "a").status, kit.row(run).pending) == ("pending", 1)


def test_steps_of_other_runs_are_left_alone(store: Store) -> None:
    other, run = kit.planned(store, "a"), kit.planned(store, "a")
    abandon(store, run, "a")
    assert (kit.step(other, "a").status, kit.row(other).pending) == ("pending", 1)


def test_history_tells_of_what_was_given_up(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    abandon(store, run, "a")
    history = store.steps.history(run.id)
    assert history.abandoned == {kit.request("a").key}
    assert history.opened == set(history.dues) == {kit.request("b").key}
