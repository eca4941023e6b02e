"""Failed tries of steps run in place, and steps recorded together."""

from __future__ import annotations

import pytest

from durable.models import Attempt, Step
from durable.playback.interrupt import Fenced
from durable.store import Store
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def test_a_final_failure_is_remembered(store: Store) -> None:
    run = kit.claimed(store)
    (memo,) = store.steps.record(run, [kit.failed(attempt=3)], ())
    assert memo.failure == kit.failure()
    step = kit.step(run)
    assert (step.status, step.attempt, step.due_at) == ("failed", 3, None)
    assert step.failure is not None
    assert step.failure["message"] == "no luck"


def test_every_failed_try_is_in_the_history(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed("charge", index=1)], ())
    attempt = Attempt.objects.get(run=run.id)
    assert (attempt.name, attempt.number) == ("charge:1", 0)
    assert attempt.key == Step.objects.get(run=run.id).key
    assert attempt.started < attempt.ended


def test_a_step_to_be_retried_keeps_its_attempt_and_its_wait(store: Store) -> None:
    run = kit.claimed(store)
    result = kit.failed(attempt=1, retry_in=60.0)
    store.steps.record(run, [result], ())
    step = kit.step(run)
    assert (step.status, step.attempt, step.ended) == ("retrying", 2, None)
    known = store.steps.history(run.id).tries[result.request.key]
    assert known.attempt == 2
    assert known.wait == pytest.approx(60, abs=5)


def test_a_step_to_be_retried_is_claimed_by_nobody(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed(retry_in=1.0)], ())
    kit.later(5)
    assert store.steps.claim(kit.RIVAL, 10) == []
    assert store.steps.claim(kit.RIVAL, 10, run.id) == []


def test_the_next_try_ends_the_step(store: Store) -> None:
    run = kit.claimed(store)
    first = kit.failed(retry_in=1.0)
    store.steps.record(run, [first], ())
    (memo,) = store.steps.record(run, [kit.done(attempt=1)], [first.request.key])
    assert memo.value() == "made"
    step = kit.step(run)
    assert (step.status, step.due_at, step.error, step.result) == ("done", None, None, "made")


def test_the_next_try_may_fail_again(store: Store) -> None:
    run = kit.claimed(store)
    keys = [kit.request().key]
    store.steps.record(run, [kit.failed(retry_in=1.0)], ())
    store.steps.record(run, [kit.failed(attempt=1, retry_in=60.0)], keys)
    assert (kit.step(run).status, kit.step(run).attempt) == ("retrying", 2)
    store.steps.record(run, [kit.failed(attempt=2)], keys)
    assert (kit.step(run).status, kit.step(run).attempt) == ("failed", 2)
    assert [attempt.number for attempt in Attempt.objects.order_by("id")] == [0, 1, 2]


def test_a_repeated_first_failure_is_counted_once(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed(retry_in=60.0)], ())
    store.steps.record(run, [kit.failed(retry_in=60.0)], ())
    assert (kit.step(run).attempt, Attempt.objects.count()) == (1, 1)


def test_a_repeated_second_failure_is_counted_once(store: Store) -> None:
    run = kit.claimed(store)
    again = [kit.request().key]
    store.steps.record(run, [kit.failed(retry_in=60.0)], ())
    store.steps.record(run, [kit.failed(attempt=1, retry_in=60.0)], again)
    store.steps.record(run, [kit.failed(attempt=1, retry_in=60.0)], again)
    assert (kit.step(run).attempt, Attempt.objects.count()) == (2, 2)


def test_a_repeated_last_try_is_a_success(store: Store) -> None:
    run = kit.claimed(store)
    again = [kit.request().key]
    store.steps.record(run, [kit.failed(retry_in=60.0)], ())
    first = store.steps.record(run, [kit.done(attempt=1)], again)
    assert store.steps.record(run, [kit.done(attempt=1)], again) == first


def test_a_large_last_try_comes_back(store: Store) -> None:
    run = kit.claimed(store)
    again = [kit.request().key]
    store.steps.record(run, [kit.failed(retry_in=60.0)], ())
    store.steps.record(run, [kit.done("a", kit.LARGE, attempt=1)], again)
    assert kit.step(run).result == "ü" * 5000


def test_several_are_recorded_together_in_order(store: Store) -> None:
    run = kit.claimed(store)
    results = [kit.done("a", "1"), kit.failed("b"), kit.done("c", kit.LARGE), kit.done("d", "4")]
    memos = store.steps.record(run, results, ())
    assert [memo.key for memo in memos] == [result.request.key for result in results]
    steps = Step.objects.filter(run=run.id).order_by("id")
    assert [(step.name, step.status) for step in steps] == [
        ("a", "done"),
        ("b", "failed"),
        ("c", "done"),
        ("d", "done"),
    ]


def test_new_steps_and_tried_ones_are_recorded_together(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed("b", retry_in=1.0)], ())
    results = [kit.done("a", "1"), kit.done("b", "2", attempt=1)]
    memos = store.steps.record(run, results, [kit.request("b").key])
    assert [memo.value() for memo in memos] == [1, 2]


def test_a_batch_under_an_old_claim_records_nothing(store: Store) -> None:
    old = kit.claimed(store)
    kit.taken_over(store, old)
    with pytest.raises(Fenced):
        store.steps.record(old, [kit.done("a"), kit.failed("b"), kit.done("c", kit.LARGE)], ())
    assert (Step.objects.count(), Attempt.objects.count()) == (0, 0)


def test_a_batch_adopts_what_is_there_and_records_the_rest(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.done("b", '"theirs"')], ())
    memos = store.steps.record(run, [kit.done("a"), kit.done("b"), kit.done("c")], ())
    assert [memo.value() for memo in memos] == ["made", "theirs", "made"]
    assert Step.objects.filter(run=run.id).count() == 3


def test_a_repeated_batch_is_a_success(store: Store) -> None:
    run = kit.claimed(store)
    results = [kit.done("a", "1"), kit.failed("b"), kit.failed("c", retry_in=5.0)]
    first = store.steps.record(run, results, ())
    again = store.steps.record(run, results, ())
    assert [(memo.key, memo.output) for memo in again] == [
        (memo.key, memo.output) for memo in first
    ]
    assert (Step.objects.count(), Attempt.objects.count()) == (3, 2)
