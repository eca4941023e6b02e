"""A run ends once, under its claim."""

from __future__ import annotations

from datetime import timedelta

import pytest

from durable import clock
from durable.models import Attempt, Blob, Step
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_a_finished_run_is_final_and_free(store: Store) -> None:
    run = kit.claimed(store)
    assert store.runs.finish(run, "completed", output='{"sum":3}')
    row = kit.row(run)
    assert (row.status, row.owner, row.due_at, row.pending) == ("completed", None, None, 0)
    assert row.ended is not None
    assert abs(row.ended - clock.now()) < timedelta(seconds=5)
    assert (row.result, row.failure) == ({"sum": 3}, None)


def test_a_large_output_comes_back(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output=kit.LARGE)
    row = kit.row(run)
    assert (row.output, row.large, row.result) == (None, True, "ü" * 5000)


def test_a_failed_run_tells_its_failure(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.finish(run, "failed", failure=kit.failure("boom"), attempt=3)
    row = kit.row(run)
    assert (row.status, row.output) == ("failed", None)
    assert row.failure is not None
    assert (row.failure["name"], row.failure["message"]) == ("ValueError", "boom")
    attempt = Attempt.objects.get(run=run.id)
    assert (attempt.key, attempt.number, attempt.failure) == ("", 3, row.failure)


def test_open_steps_are_closed_with_their_run(store: Store) -> None:
    run = kit.planned(store, "a", "b", "c")
    claims = {claim.name: claim for claim in store.steps.claim(kit.ME, 2)}
    store.steps.flush([(claims["a"], kit.done("a"))])
    store.runs.finish(run, "completed", output="1", close_steps=True)
    steps = Step.objects.filter(run=run.id).order_by("id")
    assert [step.status for step in steps] == ["done", "cancelled", "cancelled"]
    assert {(step.due_at, step.owner, step.ended is None) for step in steps} == {
        (None, None, False)
    }


def test_a_step_to_be_retried_in_place_is_closed_too(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed(retry_in=60.0)], ())
    store.runs.finish(run, "failed", failure=kit.failure(), close_steps=True)
    assert kit.step(run).status == "cancelled"


def test_only_the_first_end_counts(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output="1")
    store.runs.finish(run, "failed", failure=kit.failure(), output=kit.LARGE)
    assert (kit.row(run).status, kit.row(run).result) == ("completed", 1)
    assert (Attempt.objects.count(), Blob.objects.count()) == (0, 0)


def test_an_end_under_an_old_claim_changes_nothing(store: Store) -> None:
    old = kit.planned(store, "a")
    new = kit.taken_over(store, old)
    ended = store.runs.finish(
        old, "failed", output=kit.LARGE, failure=kit.failure(), close_steps=True
    )
    assert not ended
    assert (kit.row(new).status, kit.step(new).status) == ("running", "pending")
    assert (Attempt.objects.count(), Blob.objects.count()) == (0, 0)


def test_a_run_that_is_not_held_does_not_end(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.release(run, 60.0)
    assert not store.runs.finish(run, "completed", output="1")
    assert kit.row(run).status == "queued"
