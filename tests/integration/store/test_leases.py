"""Leases are renewed by name only; what is due, who holds what, and letting go for the dead."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durable import clock
from durable.models import Run, Step
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_a_renewed_run_is_held_for_a_full_lease_from_now(store: Store) -> None:
    run = kit.claimed(store)
    kit.later(kit.LEASE - 5)
    store.leases.renew({run.id: run.claim}, {})
    kit.later(kit.LEASE - 5)
    assert store.runs.claim(kit.RIVAL) == []
    kit.later(6)
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_a_renewed_step_is_held_for_a_full_lease_from_now(store: Store) -> None:
    kit.planned(store, "a")
    (step,) = store.steps.claim(kit.ME, 1)
    kit.later(kit.LEASE - 5)
    store.leases.renew({}, {step.id: step.claim})
    kit.later(kit.LEASE - 5)
    assert store.steps.claim(kit.RIVAL, 1) == []
    kit.later(6)
    assert len(store.steps.claim_lost(kit.RIVAL)) == 1


def test_only_what_is_named_is_renewed(store: Store) -> None:
    named, other = kit.claimed(store), kit.claimed(store)
    kit.later(kit.LEASE - 5)
    store.leases.renew({named.id: named.claim}, {})
    kit.later(10)
    assert [run.id for run in store.runs.claim(kit.RIVAL, 5)] == [other.id]


def test_an_old_claim_renews_nothing(store: Store) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    due_at = kit.row(new).due_at
    kit.later(10)
    store.leases.renew({old.id: old.claim}, {})
    assert kit.row(new).due_at == due_at


def test_a_run_that_rests_is_not_renewed(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.release(run)
    store.leases.renew({run.id: run.claim}, {})
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_many_leases_are_renewed_at_once(store: Store) -> None:
    kit.planned(store, *map(str, range(50)))
    steps = store.steps.claim(kit.ME, 50)
    kit.later(kit.LEASE - 5)
    store.leases.renew({}, {step.id: step.claim for step in steps})
    kit.later(10)
    assert store.steps.claim(kit.RIVAL, 50) == []


def test_nothing_is_due_in_an_empty_database(store: Store) -> None:
    due = store.due(10)
    assert (due.count, due.next_in) == (0, None)


def test_due_runs_and_steps_are_counted_together_up_to_the_limit(store: Store) -> None:
    kit.planned(store, "a", "b", park=True)
    kit.queued(store)
    assert store.due(10).count == 3
    assert store.due(2).count == 2


def test_leased_and_delayed_rows_are_not_due_yet(store: Store) -> None:
    kit.claimed(store)
    kit.queued(store, due_in=60)
    assert store.due(10).count == 0


def test_the_next_to_come_due_may_be_a_timer(store: Store) -> None:
    kit.queued(store, due_in=60)
    kit.queued(store, due_in=90)
    next_in = store.due(10).next_in
    assert next_in is not None
    assert next_in == pytest.approx(60, abs=5)


def test_the_next_to_come_due_may_be_a_lease(store: Store) -> None:
    kit.planned(store, "a", park=True)
    store.steps.claim(kit.ME, 1)
    next_in = store.due(10).next_in
    assert next_in is not None
    assert next_in == pytest.approx(kit.LEASE, abs=5)


def test_what_is_overdue_is_next(store: Store) -> None:
    kit.queued(store, due_in=-60)
    kit.queued(store, due_in=60)
    next_in = store.due(10).next_in
    assert next_in is not None
    assert -65 < next_in <= -60


def test_what_is_due_at_a_whole_second_is_found_like_any(store: Store) -> None:
    due_at = (clock.now() - timedelta(seconds=60)).replace(microsecond=0)
    store.runs.create(kit.event(), ["f"], due_at)
    next_in = store.due(10).next_in
    assert next_in == pytest.approx(-60, abs=5)


def test_a_step_that_its_run_retries_is_not_due_by_itself(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed(retry_in=5.0)], ())
    store.runs.release(run, 60.0)
    kit.later(10)
    due = store.due(10)
    assert due.count == 0
    assert due.next_in is not None
    assert due.next_in > 40


def test_owners_of_leases_are_found_by_how_their_names_begin(store: Store) -> None:
    kit.claimed(store, owner="a_b:1:1")
    kit.planned(store, "a", park=True)
    store.steps.claim("a_b:2:2", 1)
    kit.claimed(store, owner="axb:3:3")
    assert sorted(store.live_owners("a_b:")) == ["a_b:1:1", "a_b:2:2"]


def test_who_let_go_is_no_owner(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output="1")
    assert store.live_owners("") == []


def test_an_owner_is_named_once(store: Store) -> None:
    for _ in range(3):
        kit.claimed(store)
    assert store.live_owners("here") == [kit.ME]


def test_what_the_dead_held_is_due_now(store: Store) -> None:
    kit.planned(store, "a")
    store.steps.claim("dead:1:1", 1)
    alive = kit.claimed(store)
    assert store.release_owners(["dead:1:1", kit.ME]) == 3
    assert {run.id for run in store.runs.claim(kit.RIVAL, 5)} >= {alive.id}
    assert len(store.steps.claim_lost(kit.RIVAL)) == 1


def test_a_release_for_the_dead_leaves_the_living_alone(store: Store) -> None:
    kit.claimed(store, owner="alive:1:1")
    kit.claimed(store, owner="dead:1:1")
    assert store.release_owners(["dead:1:1"]) == 1
    assert store.due(10).count == 1


def test_a_release_for_the_dead_counts_as_a_crash(store: Store) -> None:
    kit.claimed(store)
    store.release_owners([kit.ME])
    (run,) = store.runs.claim(kit.RIVAL)
    assert (run.claim, run.crashes) == (2, 1)


def test_a_release_of_nobody_changes_nothing(store: Store) -> None:
    kit.claimed(store)
    assert store.release_owners([]) == 0
    assert (Run.objects.get().status, Step.objects.count()) == ("running", 0)


def test_what_is_given_up_is_due_soon_and_counts_as_a_crash(store: Store) -> None:
    run = kit.planned(store, "a")
    (step,) = store.steps.claim(kit.ME, 1)
    store.leases.shorten({run.id: run.claim}, {step.id: step.claim}, 1.0)
    assert store.due(10).count == 0
    kit.later(2)
    assert [claim.claim for claim in store.runs.claim(kit.RIVAL)] == [2]
    assert [claim.crashes for claim in store.steps.claim_lost(kit.RIVAL)] == [1]


def test_nothing_is_given_up_under_an_old_claim(store: Store) -> None:
    old = kit.claimed(store)
    kit.taken_over(store, old)
    store.leases.shorten({old.id: old.claim}, {}, 0.0)
    assert store.due(10).count == 0


def test_a_run_that_missed_the_end_of_its_steps_is_mended(store: Store) -> None:
    run = kit.planned(store, "a", "b", park=True)
    Step.objects.filter(run=run.id).update(status="done", due_at=None)
    assert store.leases.mend() == 1
    assert (kit.row(run).status, kit.row(run).pending) == ("queued", 0)
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_a_run_that_waits_for_an_open_step_needs_no_mending(store: Store) -> None:
    running = kit.parked(store, "a", "b")
    pending = kit.planned(store, "a", park=True)
    store.steps.flush([(running[0], kit.done("a"))])
    kit.planned(store, "a")
    assert store.leases.mend() == 0
    assert kit.row(pending).status == kit.row(running[0]).status == "waiting"
