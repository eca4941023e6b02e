"""Planned steps are claimed in batches, of one run or of any."""

from __future__ import annotations

import pytest

from durable.models import Step
from durable.store import Store
from durable.store.rows import Backlog, StepClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def titles(claims: list[StepClaim]) -> list[str]:
    return [claim.name for claim in claims]


def test_nothing_is_claimed_where_nothing_is_planned(store: Store) -> None:
    run = kit.claimed(store)
    assert store.steps.claim(kit.ME, 10) == store.steps.claim(kit.ME, 10, run.id) == []


def test_a_claim_names_what_is_needed_to_run_the_step(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.plan(run, [kit.request("a", branch="0.1")], park=False)
    (claim,) = store.steps.claim(kit.RIVAL, 1)
    assert claim == StepClaim(
        id=kit.step(run).pk,
        run=run.id,
        key=kit.request("a", branch="0.1").key,
        name="a",
        branch="0.1",
        claim=1,
        attempt=0,
        crashes=0,
        wave=1,
        mode="wait",
    )


def test_a_claimed_step_is_running_under_its_owner(store: Store) -> None:
    run = kit.planned(store, "a")
    store.steps.claim(kit.RIVAL, 1)
    step = kit.step(run)
    assert (step.status, step.owner, step.claim) == ("running", kit.RIVAL, 1)
    assert step.started is not None


def test_steps_are_claimed_once_in_the_order_of_the_plan(store: Store) -> None:
    kit.planned(store, "c", "a", "b")
    assert titles(store.steps.claim(kit.ME, 2)) == ["c", "a"]
    assert titles(store.steps.claim(kit.RIVAL, 2)) == ["b"]
    assert store.steps.claim(kit.RIVAL, 2) == []


def test_the_steps_of_one_run_are_claimed(store: Store) -> None:
    kit.planned(store, "a")
    run = kit.planned(store, "b")
    assert titles(store.steps.claim(kit.ME, 10, run.id)) == ["b"]


def test_the_steps_of_all_runs_are_claimed_oldest_first(store: Store) -> None:
    first = kit.planned(store, "a", "b")
    second = kit.planned(store, "c")
    claims = store.steps.claim(kit.ME, 10)
    assert [(claim.run, claim.name) for claim in claims] == [
        (first.id, "a"),
        (first.id, "b"),
        (second.id, "c"),
    ]


def test_the_lease_of_a_step_holds_to_its_end(store: Store) -> None:
    kit.planned(store, "a")
    store.steps.claim(kit.ME, 1)
    kit.later(kit.LEASE - 2)
    assert store.steps.claim(kit.RIVAL, 1) == store.steps.claim_lost(kit.RIVAL) == []
    assert store.steps.look(10) == Backlog(0, False)


def test_a_lease_that_passed_gives_the_step_to_the_next(store: Store) -> None:
    kit.planned(store, "a")
    store.steps.claim(kit.ME, 1)
    crashes = []
    for _ in range(2):
        kit.later(kit.LEASE + 1)
        (claim,) = store.steps.claim_lost(kit.ME)
        crashes.append((claim.claim, claim.crashes))
    assert crashes == [(2, 1), (3, 2)]


def test_steps_that_were_lost_together_are_claimed_one_by_one(store: Store) -> None:
    kit.planned(store, *"abc")
    store.steps.claim(kit.ME, 2)
    kit.later(kit.LEASE + 1)
    assert titles(store.steps.claim_lost(kit.ME)) == ["a"]
    assert titles(store.steps.claim_lost(kit.RIVAL)) == ["b"]
    assert store.steps.claim_lost(kit.RIVAL) == []


def test_a_claim_of_many_leaves_those_that_were_lost(store: Store) -> None:
    kit.planned(store, *"abc")
    store.steps.claim(kit.ME, 2)
    kit.later(kit.LEASE + 1)
    assert titles(store.steps.claim(kit.RIVAL, 3)) == ["c"]


def test_the_oldest_due_step_says_whether_a_worker_was_lost(store: Store) -> None:
    kit.planned(store, "a", "b")
    store.steps.claim(kit.ME, 1)
    assert store.steps.look(10) == Backlog(1, False)
    kit.later(kit.LEASE + 1)
    assert store.steps.look(10) == Backlog(2, False)  # b has been due for longer
    store.steps.claim(kit.RIVAL, 1)
    assert store.steps.look(10) == Backlog(1, True)


def test_a_step_given_back_has_lost_nobody_more(store: Store) -> None:
    kit.planned(store, "a")
    store.steps.claim(kit.ME, 1)
    kit.later(kit.LEASE + 1)
    store.steps.give_back(store.steps.claim_lost(kit.ME))
    (claim,) = store.steps.claim(kit.ME, 1)
    assert (claim.claim, claim.crashes) == (3, 1)


def test_a_step_given_back_is_due_after_the_delay(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    store.steps.give_back(store.steps.claim(kit.ME, 2), 60.0)
    assert {step.status for step in Step.objects.all()} == {"pending"}
    assert (kit.row(run).pending, kit.step(run).owner) == (2, None)
    kit.later(58)
    assert store.steps.claim(kit.RIVAL, 2) == []
    kit.later(3)
    assert len(store.steps.claim(kit.RIVAL, 2)) == 2


def test_a_step_is_not_given_back_under_an_old_claim(store: Store) -> None:
    run = kit.planned(store, "a")
    old = store.steps.claim(kit.ME, 1)
    kit.later(kit.LEASE + 1)
    store.steps.claim_lost(kit.RIVAL)
    store.steps.give_back(old)
    assert (kit.step(run).status, kit.step(run).owner) == ("running", kit.RIVAL)


def test_nothing_given_back_changes_nothing(store: Store) -> None:
    store.steps.give_back([])


def test_final_steps_are_never_claimed(store: Store) -> None:
    run = kit.planned(store, "a", "b", "c")
    claims = store.steps.claim(kit.ME, 2)
    store.steps.flush([(claims[0], kit.done("a")), (claims[1], kit.failed("b"))])
    store.runs.finish(run, "completed", output="1", close_steps=True)
    kit.later(10 * kit.LEASE)
    assert store.steps.claim(kit.RIVAL, 10) == store.steps.claim_lost(kit.RIVAL) == []


def test_due_steps_are_counted_up_to_a_limit(store: Store) -> None:
    kit.planned(store, *"abcde")
    assert (store.steps.look(3).count, store.steps.look(10).count) == (3, 5)
