"""Flushing results of planned steps: each under its claim; the last of a wave makes its run due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durable import clock
from durable.models import Attempt, Blob
from durable.playback.request import ParallelMode
from durable.store import Store
from durable.store.rows import RunClaim, StepClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db

RACE = ParallelMode.RACE


def flush(store: Store, *claims: StepClaim, mode: ParallelMode = ParallelMode.WAIT) -> int:
    results = [(claim, kit.done(claim.name, f'"{claim.name}"', mode=mode)) for claim in claims]
    return store.steps.flush(results).woken


def state(run: RunClaim | StepClaim) -> tuple[str, int, int]:
    row = kit.row(run)
    return row.status, row.pending, row.wake


def test_a_flushed_result_is_recorded(store: Store) -> None:
    (claim,) = kit.parked(store, "a")
    flush(store, claim)
    step = kit.step(claim)
    assert (step.status, step.result, step.owner, step.due_at) == ("done", "a", None, None)
    assert step.ended is not None
    assert abs(step.ended - clock.now()) < timedelta(seconds=5)


def test_a_large_result_is_kept_apart_and_comes_back(store: Store) -> None:
    (claim,) = kit.parked(store, "a")
    store.steps.flush([(claim, kit.done("a", kit.LARGE))])
    assert (kit.step(claim).large, kit.step(claim).result) == (True, "ü" * 5000)


def test_a_final_failure_is_recorded_and_joins(store: Store) -> None:
    (claim,) = kit.parked(store, "a")
    assert store.steps.flush([(claim, kit.failed(attempt=3))]).woken == 1
    step = kit.step(claim)
    assert (step.status, step.attempt) == ("failed", 3)
    assert Attempt.objects.get(run=claim.run).number == 3


def test_a_failure_to_be_retried_waits_and_does_not_join(store: Store) -> None:
    (claim,) = kit.parked(store, "a")
    assert store.steps.flush([(claim, kit.failed(retry_in=60.0))]).woken == 0
    step = kit.step(claim)
    assert (step.status, step.attempt, step.owner, step.ended) == ("pending", 1, None, None)
    assert state(claim) == ("waiting", 1, 0)
    assert store.steps.claim(kit.RIVAL, 1) == []
    kit.later(61)
    (again,) = store.steps.claim(kit.RIVAL, 1)
    assert (again.attempt, again.claim, again.crashes) == (1, 2, 0)


def test_the_last_of_a_wave_makes_a_parked_run_due(store: Store) -> None:
    a, b, c = kit.parked(store, "a", "b", "c")
    assert flush(store, a, b) == 0
    assert state(a) == ("waiting", 1, 0)
    assert store.runs.claim(kit.ME) == []
    assert flush(store, c) == 1
    assert state(a) == ("queued", 0, 0)
    assert [run.id for run in store.runs.claim(kit.ME)] == [a.run]


def test_a_wave_flushed_as_one_batch_makes_the_run_due_once(store: Store) -> None:
    claims = kit.parked(store, *"abcde")
    assert flush(store, *claims) == 1
    assert len(store.runs.claim(kit.ME, 10)) == 1


def test_a_run_that_is_still_driven_is_only_counted_down(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    due_at = kit.row(run).due_at
    assert flush(store, *store.steps.claim(kit.RIVAL, 2)) in (0, 1)
    assert state(run) == ("running", 0, 0)
    assert kit.row(run).due_at == due_at
    assert not store.runs.park(run)


def test_every_racer_makes_a_parked_run_due(store: Store) -> None:
    a, b = kit.parked(store, "a", "b", mode=RACE)
    assert flush(store, a, mode=RACE) == 1
    assert state(a) == ("queued", 1, 1)
    (run,) = store.runs.claim(kit.ME)
    store.runs.park(run)
    assert flush(store, b, mode=RACE) == 1
    assert state(a) == ("queued", 0, 1)


def test_a_racer_wakes_a_run_that_is_still_driven(store: Store) -> None:
    run = kit.planned(store, "a", "b", mode=RACE)
    flush(store, *store.steps.claim(kit.RIVAL, 1), mode=RACE)
    assert state(run) == ("running", 1, 1)
    assert not store.runs.park(run)
    store.runs.release(run, 60.0)
    assert len(store.runs.claim(kit.ME)) == 1


def test_a_racer_to_be_retried_wakes_nobody(store: Store) -> None:
    (claim,) = kit.parked(store, "a", mode=RACE)
    assert store.steps.flush([(claim, kit.failed(mode=RACE, retry_in=5.0))]).woken == 0
    assert state(claim) == ("waiting", 1, 0)


def test_steps_of_several_runs_join_each_its_own(store: Store) -> None:
    first, second = kit.parked(store, "a", "b"), kit.parked(store, "a", "b")
    assert flush(store, first[0], *second) == 1
    assert state(first[0]) == ("waiting", 1, 0)
    assert state(second[0]) == ("queued", 0, 0)


def test_a_repeated_flush_changes_nothing(store: Store) -> None:
    a, b, c = kit.parked(store, "a", "b", "c")
    results = [(a, kit.done("a", kit.LARGE)), (b, kit.failed("b"))]
    store.steps.flush(results)
    store.steps.flush(results)
    assert state(c) == ("waiting", 1, 0)
    assert (Attempt.objects.count(), Blob.objects.count()) == (1, 1)


def test_a_repeated_last_flush_does_not_make_the_run_due_again(store: Store) -> None:
    claims = kit.parked(store, "a", "b")
    flush(store, *claims)
    (run,) = store.runs.claim(kit.ME)
    assert flush(store, *claims) == 0
    assert state(run) == ("running", 0, 0)


def test_a_flush_under_an_old_claim_changes_nothing(store: Store) -> None:
    (old,) = kit.parked(store, "a")
    kit.later(kit.LEASE + 1)
    store.steps.claim_lost(kit.RIVAL)
    assert store.steps.flush([(old, kit.done("a", kit.LARGE))]).woken == 0
    assert store.steps.flush([(old, kit.failed("a"))]).woken == 0
    assert (kit.step(old).status, state(old)) == ("running", ("waiting", 1, 0))
    assert (Attempt.objects.count(), Blob.objects.count()) == (0, 0)


def test_in_a_mixed_batch_only_what_is_held_counts(store: Store) -> None:
    old, b = kit.parked(store, "a", "b")
    kit.later(kit.LEASE + 1)
    new = {claim.name: claim for _ in "ab" for claim in store.steps.claim_lost(kit.RIVAL)}
    assert flush(store, old, new["b"]) == 0
    assert (kit.step(b, "a").status, kit.step(b, "b").status) == ("running", "done")
    assert state(b) == ("waiting", 1, 0)


def test_steps_of_a_run_that_ended_change_nothing(store: Store) -> None:
    run = kit.planned(store, "a", "b", mode=RACE)
    claims = store.steps.claim(kit.RIVAL, 2)
    store.runs.finish(run, "completed", output="1", close_steps=True)
    assert flush(store, *claims, mode=RACE) == 0
    assert state(run) == ("completed", 0, 0)
    assert {kit.step(run, name).status for name in "ab"} == {"cancelled"}


def test_an_empty_flush_changes_nothing(store: Store) -> None:
    assert store.steps.flush([]).woken == 0
