"""Planning a wave: all its steps at once, under the claim."""

from __future__ import annotations

from dataclasses import replace

import pytest

from durable.models import Run, Step
from durable.playback.interrupt import Fenced
from durable.playback.request import ParallelMode
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_planned_steps_are_pending_and_say_all(store: Store) -> None:
    run = kit.claimed(store)
    race = kit.request("a %s 🙂", index=1, branch="0.2", mode=ParallelMode.RACE)
    store.steps.plan(run, [race, kit.request("b")], park=False)
    first, second = Step.objects.filter(run=run.id).order_by("id")
    assert (first.name, first.index, first.branch, first.mode) == ("a %s 🙂", 1, "0.2", "race")
    assert (first.key, first.op) == (race.key, "run")
    assert (second.name, second.index, second.branch, second.mode) == ("b", 0, "", "wait")
    for step in (first, second):
        assert (step.status, step.wave, step.by) == ("pending", 1, run.claim)
        assert (step.claim, step.owner, step.attempt, step.crashes) == (0, None, 0, 0)


def test_a_plan_counts_waves_and_pending_steps(store: Store) -> None:
    run = kit.claimed(store)
    assert store.steps.plan(run, [kit.request("a"), kit.request("b")], park=False).wave == 1
    assert store.steps.plan(replace(run, wave=1), [kit.request("c")], park=False).wave == 2
    assert (kit.row(run).wave, kit.row(run).pending) == (2, 3)


def test_the_planner_keeps_the_run(store: Store) -> None:
    run = kit.row(kit.planned(store, "a"))
    assert (run.status, run.owner) == ("running", kit.ME)
    assert run.due_at is not None


def test_the_planner_may_park_in_the_same_breath(store: Store) -> None:
    run = kit.row(kit.planned(store, "a", park=True))
    assert (run.status, run.owner, run.due_at) == ("waiting", None, None)
    assert (run.wave, run.pending) == (1, 1)


def test_a_woken_planner_does_not_rest(store: Store) -> None:
    run = kit.claimed(store)
    Run.objects.filter(pk=run.id).update(wake=1)
    store.steps.plan(run, [kit.request("a")], park=True)
    assert (kit.row(run).status, kit.row(run).owner) == ("queued", None)
    assert len(store.runs.claim(kit.RIVAL)) == 1


def test_planned_steps_are_due_at_once(store: Store) -> None:
    kit.planned(store, "a", "b")
    assert store.steps.look(10).count == 2


def test_a_thousand_steps_are_one_wave(store: Store) -> None:
    run = kit.planned(store, *map(str, range(1200)))
    assert kit.row(run).pending == 1200
    assert list(Step.objects.order_by("id").values_list("name", flat=True)[:3]) == ["0", "1", "2"]


def test_the_planner_may_take_the_first_steps_at_once(store: Store) -> None:
    run = kit.claimed(store)
    plan = store.steps.plan(run, [kit.request(name) for name in "abc"], take=2)
    assert [(claim.name, claim.claim, claim.attempt) for claim in plan.claims] == [
        ("a", 1, 0),
        ("b", 1, 0),
    ]
    taken = kit.step(run, "b")
    assert (taken.status, taken.owner, taken.claim) == ("running", kit.ME, 1)
    assert taken.due_at is not None and taken.started is not None
    assert [claim.name for claim in store.steps.claim(kit.RIVAL, 9)] == ["c"]
    assert store.steps.flush([(plan.claims[1], kit.done("b"))]).written
    assert kit.row(run).pending == 2


def test_the_lease_of_steps_taken_at_once_passes(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.plan(run, [kit.request("a")], take=1)
    assert store.steps.claim_lost(kit.RIVAL) == []
    kit.later(kit.LEASE + 1)
    assert [claim.crashes for claim in store.steps.claim_lost(kit.RIVAL)] == [1]


def test_a_repeated_plan_takes_the_same_steps(store: Store) -> None:
    run = kit.claimed(store)
    requests = [kit.request(name) for name in "abc"]
    first = store.steps.plan(run, requests, take=2)
    assert store.steps.plan(run, requests, take=2) == first


@pytest.mark.parametrize("park", [False, True])
def test_a_repeated_plan_is_a_success(store: Store, park: bool) -> None:
    run = kit.claimed(store)
    requests = [kit.request("a"), kit.request("b")]
    first = store.steps.plan(run, requests, park=park)
    assert store.steps.plan(run, requests, park=park) == first
    assert (Step.objects.count(), kit.row(run).pending, kit.row(run).wave) == (2, 2, 1)


def test_a_plan_repeated_after_the_steps_ended_is_a_success(store: Store) -> None:
    run = kit.planned(store, "a", park=True)
    store.steps.flush([(claim, kit.done()) for claim in store.steps.claim(kit.RIVAL, 1)])
    assert store.steps.plan(run, [kit.request("a")], park=True).wave == 1
    assert (kit.row(run).status, kit.row(run).pending) == ("queued", 0)


@pytest.mark.parametrize("park", [False, True])
def test_nothing_is_planned_under_an_old_claim(store: Store, park: bool) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    with pytest.raises(Fenced):
        store.steps.plan(old, [kit.request("a")], park=park)
    assert (kit.row(new).status, kit.row(new).wave, kit.row(new).pending) == ("running", 0, 0)
    assert not Step.objects.exists()


def test_an_old_claim_does_not_take_the_plan_of_a_rival_for_its_own(store: Store) -> None:
    old = kit.claimed(store)
    new = kit.taken_over(store, old)
    store.steps.plan(new, [kit.request("a")], park=False)
    with pytest.raises(Fenced):
        store.steps.plan(old, [kit.request("a")], park=False)
    assert (kit.row(new).pending, Step.objects.count()) == (1, 1)


def test_nothing_is_planned_for_a_run_that_ended(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output="1")
    with pytest.raises(Fenced):
        store.steps.plan(run, [kit.request("a")], park=True)
    assert (kit.row(run).status, Step.objects.count()) == ("completed", 0)
