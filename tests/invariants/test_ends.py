"""A run that ends while steps of it are still at work elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

from durable.models import Attempt, Run, Step
from durable.playback.request import ParallelMode
from durable.store import Store
from durable.store.rows import RunClaim, StepClaim
from tests.integration.store import kit
from tests.invariants.actors import preempted

RACE = ParallelMode.RACE
NAMES = ("a", "b", "c")


def finish(store: Store, run: RunClaim) -> bool:
    return store.runs.finish(run, "completed", output="1", close_steps=True)


def flush(store: Store, claims: list[StepClaim]) -> int:
    results = [(claim, kit.failed(claim.name, mode=RACE)) for claim in claims]
    return store.steps.flush(results).woken


def sweep(
    store: Store, act: Callable[[RunClaim], tuple[Callable[[], Any], Callable[[], Any]]]
) -> Iterator[tuple[RunClaim, Any, Any, str]]:
    for stop_at in count(1):
        run = kit.planned(store, *NAMES, mode=RACE)
        both = preempted(*act(run), stop_at)
        if both is None:
            assert stop_at > 1
            return
        yield run, *both


def check_ended(run: RunClaim, where: str) -> None:
    row = kit.row(run)
    assert (row.status, row.pending, row.due_at, row.owner) == ("completed", 0, None, None), where
    steps = Step.objects.filter(run=run.id)
    assert set(steps.values_list("status", flat=True)) <= {"failed", "cancelled"}, where
    ended = steps.filter(status="failed").count()
    assert Attempt.objects.filter(run=run.id).count() == ended, where


@pytest.fixture
def repeats(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before statements that had to be said again, after a deadlock for example."""
    pauses: list[float] = []
    monkeypatch.setattr("durable.store.executor.time.sleep", pauses.append)
    return pauses


@pytest.mark.parametrize("finisher_first", [True, False])
def test_a_racer_may_end_with_its_run(
    store: Store, repeats: list[float], finisher_first: bool
) -> None:
    def act(run: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        claims = store.steps.claim(kit.RIVAL, 3, run.id)
        ends = partial(finish, store, run), partial(flush, store, claims)
        return ends if finisher_first else (ends[1], ends[0])

    for run, _, _, where in sweep(store, act):
        check_ended(run, where)
        assert not repeats, where


@pytest.mark.parametrize("finisher_first", [True, False])
def test_a_racer_may_be_claimed_while_its_run_ends(store: Store, finisher_first: bool) -> None:
    def act(run: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        ends = partial(finish, store, run), partial(store.steps.claim, kit.RIVAL, 3, run.id)
        return ends if finisher_first else (ends[1], ends[0])

    for run, first, second, where in sweep(store, act):
        flush(store, second if finisher_first else first)
        check_ended(run, where)


def test_of_two_ends_under_one_claim_one_counts(store: Store) -> None:
    def act(run: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        fail = partial(store.runs.finish, run, "failed", failure=kit.failure(), close_steps=True)
        return partial(finish, store, run), fail

    for run, first, second, where in sweep(store, act):
        assert first + second == 1, where
        assert kit.row(run).status == ("completed" if first else "failed"), where
        assert Attempt.objects.filter(run=run.id).count() == second, where


def test_a_run_cannot_end_and_be_taken_over(store: Store) -> None:
    def act(run: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        store.release_owners([kit.ME])
        return partial(finish, store, run), partial(store.runs.claim, kit.RIVAL)

    for run, ended, taken, where in sweep(store, act):
        assert ended + len(taken) == 1, where
        assert kit.row(run).status == ("completed" if ended else "running"), where
        Run.objects.filter(pk=run.id, status="running").update(due_at=None)
