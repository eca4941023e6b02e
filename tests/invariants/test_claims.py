"""What is due goes to one worker, whoever else looks at the same moment."""

from __future__ import annotations

from collections import Counter
from functools import partial
from itertools import chain

import pytest
from django.db import transaction

from durable.models import Run, Step
from durable.playback.request import ParallelMode
from durable.store import Store
from tests.integration.store import kit
from tests.invariants.actors import Actor, preempted, together

WORKERS = [f"worker-{number}:1:1" for number in range(4)]


@pytest.mark.parametrize("attempt", range(5))
def test_one_of_many_workers_gets_the_run(store: Store, attempt: int) -> None:
    run = kit.queued(store)
    claims = list(chain(*together([partial(store.runs.claim, name) for name in WORKERS])))
    assert [(claim.id, claim.claim) for claim in claims] == [(run.pk, 1)]


def test_every_run_goes_to_one_worker(store: Store) -> None:
    store.runs.create(kit.event(), [f"f{number}" for number in range(100)])

    def claim_all(name: str) -> list[object]:
        claims: list[object] = []
        while found := store.runs.claim(name, 3):
            claims += [run.id for run in found]
        return claims

    claims = Counter(chain(*together([partial(claim_all, name) for name in WORKERS])))
    assert (len(claims), set(claims.values())) == (100, {1})
    assert set(Run.objects.values_list("claim", flat=True)) == {1}


def test_every_step_goes_to_one_worker(store: Store) -> None:
    kit.planned(store, *map(str, range(100)))

    def claim_all(name: str) -> list[int]:
        claims: list[int] = []
        while found := store.steps.claim(name, 3):
            claims += [step.id for step in found]
        return claims

    claims = Counter(chain(*together([partial(claim_all, name) for name in WORKERS])))
    assert (len(claims), set(claims.values())) == (100, {1})


def test_one_of_two_gets_the_run_wherever_the_other_stands(store: Store) -> None:
    for stop_at in range(1, 20):
        run = kit.queued(store)
        both = preempted(
            partial(store.runs.claim, kit.ME), partial(store.runs.claim, kit.RIVAL), stop_at
        )
        if both is None:
            break
        first, second, where = both
        claims = [claim.id for claim in [*first, *second]]
        assert claims == [run.pk], where
    assert stop_at > 1


def test_one_of_two_gets_the_step_wherever_the_other_stands(store: Store) -> None:
    for stop_at in range(1, 20):
        run = kit.planned(store, "a", mode=ParallelMode.RACE)
        both = preempted(
            partial(store.steps.claim, kit.ME, 1, run.id),
            partial(store.steps.claim, kit.RIVAL, 1),
            stop_at,
        )
        if both is None:
            break
        first, second, where = both
        assert [claim.run for claim in [*first, *second]] == [run.id], where
    assert stop_at > 1


@pytest.mark.postgres
@pytest.mark.mariadb
def test_a_claim_passes_over_a_run_that_is_locked(store: Store) -> None:
    older, newer = kit.queued(store, due_in=-60), kit.queued(store)
    with transaction.atomic():
        Run.objects.select_for_update().get(pk=older.pk)
        claims = Actor(partial(store.runs.claim, kit.ME, 5)).end()
    assert [run.id for run in claims] == [newer.pk]


@pytest.mark.postgres
@pytest.mark.mariadb
def test_a_claim_passes_over_a_step_that_is_locked(store: Store) -> None:
    run = kit.planned(store, "a", "b")
    with transaction.atomic():
        Step.objects.select_for_update().get(pk=kit.step(run, "a").pk)
        claims = Actor(partial(store.steps.claim, kit.ME, 5)).end()
    assert [step.name for step in claims] == ["b"]
