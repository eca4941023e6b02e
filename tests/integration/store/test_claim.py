"""A due run is claimed once, the oldest first; a lease that passed gives it to the next."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durable import clock
from durable.models import Run
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_nothing_is_claimed_where_nothing_is_due(store: Store) -> None:
    assert store.runs.claim(kit.ME) == []


def test_a_claim_names_what_is_needed_to_drive(store: Store) -> None:
    queued = kit.queued(store, "shop-flow")
    (run,) = store.runs.claim(kit.ME)
    assert (run.id, run.function, run.event) == (queued.pk, "shop-flow", queued.event_id)
    assert (run.claim, run.attempt, run.crashes, run.wave) == (1, 0, 0, 0)


def test_a_claimed_run_is_running_under_its_owner(store: Store) -> None:
    run = kit.row(kit.claimed(store))
    assert (run.status, run.owner, run.claim) == ("running", kit.ME, 1)
    assert run.started is not None
    assert abs(run.started - clock.now()) < timedelta(seconds=5)


def test_a_run_is_claimed_once(store: Store) -> None:
    kit.claimed(store)
    assert store.runs.claim(kit.RIVAL) == []


def test_the_oldest_are_claimed_first(store: Store) -> None:
    dues = {age: kit.queued(store, due_in=-age).pk for age in (10, 30, 20)}
    claims = [store.runs.claim(kit.ME)[0].id for _ in dues]
    assert claims == [dues[30], dues[20], dues[10]]


def test_several_are_claimed_at_once_up_to_a_limit(store: Store) -> None:
    ages = (40, 10, 30, 20)
    dues = {age: kit.queued(store, due_in=-age).pk for age in ages}
    claims = store.runs.claim(kit.ME, 3)
    assert {run.id for run in claims} == {dues[40], dues[30], dues[20]}
    assert len(store.runs.claim(kit.RIVAL, 3)) == 1


def test_a_lease_holds_to_its_end(store: Store) -> None:
    kit.claimed(store)
    kit.later(kit.LEASE - 2)
    assert store.runs.claim(kit.RIVAL) == []


def test_a_lease_that_passed_gives_the_run_to_the_next(store: Store) -> None:
    run = kit.claimed(store)
    kit.later(kit.LEASE + 1)
    (new,) = store.runs.claim(kit.RIVAL)
    assert (new.id, new.claim, new.crashes) == (run.id, 2, 1)
    assert kit.row(new).owner == kit.RIVAL


def test_every_lost_worker_is_counted(store: Store) -> None:
    run = kit.claimed(store)
    crashes = []
    for _ in range(3):
        run = kit.taken_over(store, run)
        crashes.append(run.crashes)
    assert crashes == [1, 2, 3]


def test_a_recorded_step_makes_the_count_begin_again(store: Store) -> None:
    run = kit.taken_over(store, kit.taken_over(store, kit.claimed(store)))
    assert run.crashes == 2
    store.steps.record(run, [kit.done()], ())
    assert kit.taken_over(store, run).crashes == 1


def test_a_step_of_an_older_claim_is_no_progress(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.done()], ())
    run = kit.taken_over(store, run)
    assert kit.taken_over(store, run).crashes == 2


def test_a_run_given_back_has_lost_nobody(store: Store) -> None:
    run = kit.taken_over(store, kit.claimed(store))
    store.runs.release(run)
    (run,) = store.runs.claim(kit.ME)
    assert (run.claim, run.crashes) == (3, 0)


def test_a_run_that_rests_for_a_reason_has_not_got_on(store: Store) -> None:
    run = kit.taken_over(store, kit.claimed(store))
    store.runs.release(run, reason="The worker met trouble with the database; see its log.")
    (run,) = store.runs.claim(kit.ME)
    assert (run.claim, run.crashes) == (3, 1)


def test_a_claim_forgets_wakes_and_reasons(store: Store) -> None:
    run = kit.queued(store)
    Run.objects.filter(pk=run.pk).update(wake=3, reason="no such function")
    store.runs.claim(kit.ME)
    run.refresh_from_db()
    assert (run.wake, run.reason) == (0, "")


def test_the_first_start_is_kept(store: Store) -> None:
    run = kit.claimed(store)
    started = kit.row(run).started
    assert kit.row(kit.taken_over(store, run)).started == started


def test_attempts_and_waves_are_carried_over(store: Store) -> None:
    run = kit.planned(store, "a")
    store.runs.retry(run, kit.failure(), 0, 5.0)
    kit.later(6)
    (run,) = store.runs.claim(kit.ME)
    assert (run.attempt, run.wave) == (1, 1)


def test_a_final_run_is_never_claimed(store: Store) -> None:
    store.runs.finish(kit.claimed(store), "completed", output="1")
    kit.later(10 * kit.LEASE)
    assert store.runs.claim(kit.ME) == []
