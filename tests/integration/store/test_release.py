"""Giving a run back, and letting it rest: only under the claim, and never past a wake."""

from __future__ import annotations

import pytest

from durable.models import Attempt, Run
from durable.playback.interrupt import Fenced
from durable.store import Store
from durable.store.rows import RunClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def woken(run: RunClaim) -> RunClaim:
    Run.objects.filter(pk=run.id).update(wake=1)
    return run


def test_a_released_run_is_due_at_once(store: Store) -> None:
    run = kit.claimed(store)
    assert store.runs.release(run)
    assert (kit.row(run).status, kit.row(run).owner) == ("queued", None)
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_a_run_is_released_for_later(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.release(run, 60.0, status="waiting")
    assert kit.row(run).status == "waiting"
    kit.later(58)
    assert store.runs.claim(kit.RIVAL) == []
    kit.later(3)
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_a_woken_run_is_due_now_whatever_the_delay(store: Store) -> None:
    run = woken(kit.claimed(store))
    assert store.runs.release(run, 60.0)
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_a_release_says_why(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.release(run, reason="é" * 600)
    assert kit.row(run).reason == "é" * 500


def test_a_release_under_an_old_claim_changes_nothing(store: Store) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    assert not store.runs.release(old, reason="late")
    assert (kit.row(new).status, kit.row(new).owner, kit.row(new).reason) == (
        "running",
        kit.RIVAL,
        "",
    )


def test_a_run_parks_while_steps_are_pending(store: Store) -> None:
    run = kit.planned(store, "a")
    assert store.runs.park(run)
    row = kit.row(run)
    assert (row.status, row.owner, row.due_at) == ("waiting", None, None)


def test_a_parked_run_is_not_claimed(store: Store) -> None:
    store.runs.park(kit.planned(store, "a"))
    kit.later(10 * kit.LEASE)
    assert store.runs.claim(kit.RIVAL) == []


def test_a_run_without_pending_steps_does_not_park(store: Store) -> None:
    run = kit.claimed(store)
    assert not store.runs.park(run)
    assert kit.row(run).status == "running"


def test_a_woken_run_does_not_park(store: Store) -> None:
    run = woken(kit.planned(store, "a"))
    assert not store.runs.park(run)
    assert kit.row(run).status == "running"


def test_a_repeated_park_finds_its_own_work(store: Store) -> None:
    run = kit.planned(store, "a")
    store.runs.park(run)
    assert store.runs.park(run)


def test_a_park_repeated_after_the_join_finds_its_own_work(store: Store) -> None:
    run = kit.planned(store, "a")
    (claim,) = store.steps.claim(kit.ME, 1)
    store.runs.park(run)
    store.steps.flush([(claim, kit.done())])
    assert store.runs.park(run)
    assert kit.row(run).status == "queued"


def test_parking_under_an_old_claim_is_fenced(store: Store) -> None:
    old = kit.planned(store, "a")
    new = kit.taken_over(store, old)
    with pytest.raises(Fenced):
        store.runs.park(old)
    assert kit.row(new).status == "running"


def test_a_retry_counts_the_attempt_and_waits(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.retry(run, kit.failure("boom"), 0, 60.0)
    assert (kit.row(run).status, kit.row(run).owner, kit.row(run).attempt) == ("queued", None, 1)
    kit.later(58)
    assert store.runs.claim(kit.RIVAL) == []
    kit.later(3)
    assert store.runs.claim(kit.RIVAL)[0].attempt == 1


def test_a_retry_leaves_the_failure_in_the_history(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.retry(run, kit.failure("boom"), 0, 60.0)
    attempt = Attempt.objects.get(run=run.id)
    assert (attempt.key, attempt.name, attempt.number) == ("", "", 0)
    assert attempt.failure == {
        "code": "unknown",
        "name": "ValueError",
        "message": "boom",
        "stack": "line 1",
    }


def test_a_repeated_retry_changes_nothing(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.retry(run, kit.failure(), 0, 60.0)
    store.runs.retry(run, kit.failure(), 0, 60.0)
    assert (kit.row(run).attempt, Attempt.objects.count()) == (1, 1)


def test_a_retry_under_an_old_claim_changes_nothing(store: Store) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    store.runs.retry(old, kit.failure(), 0, 60.0)
    assert (kit.row(new).status, kit.row(new).attempt) == ("running", 0)
    assert not Attempt.objects.exists()


def test_a_settled_attempt_no_longer_counts(store: Store) -> None:
    run = kit.claimed(store)
    Run.objects.filter(pk=run.id).update(attempt=2)
    store.runs.settle_attempt(run)
    assert kit.row(run).attempt == 0


def test_an_attempt_is_not_settled_under_an_old_claim(store: Store) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    Run.objects.filter(pk=new.id).update(attempt=2)
    store.runs.settle_attempt(old)
    assert kit.row(new).attempt == 2


def test_pending_steps_are_counted_under_the_claim_only(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    assert store.runs.count_pending(run) == 2
    kit.taken_over(store, run)
    with pytest.raises(Fenced):
        store.runs.count_pending(run)


def test_a_reason_is_written_on_runs(store: Store) -> None:
    run, other = kit.queued(store), kit.queued(store)
    store.runs.explain([run.pk], "no such function " + "x" * 600)
    run.refresh_from_db()
    other.refresh_from_db()
    assert (len(run.reason), other.reason) == (500, "")
