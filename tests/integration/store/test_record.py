"""A step run in place is recorded once, under the claim of its run."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from durable import clock
from durable.models import Attempt, Blob, Step
from durable.playback.interrupt import Fenced
from durable.store import Store
from durable.store.rows import Result, RunClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def rival_recorded(store: Store, result: Result) -> RunClaim:
    """Have the row of a result there already, by somebody who is not the run's claim."""
    run = kit.claimed(store)
    store.steps.record(run, [result], ())
    Step.objects.filter(run=run.id).update(by=0)
    return run


def test_a_result_becomes_a_row_that_says_all(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.done("charge", '{"paid":1}', index=2, branch="0.1")], ())
    step = Step.objects.get(run=run.id)
    assert (step.name, step.index, step.branch, step.op) == ("charge", 2, "0.1", "run")
    assert (step.status, step.attempt, step.wave, step.by) == ("done", 0, 0, run.claim)
    assert (step.due_at, step.owner, step.error, step.result) == (None, None, None, {"paid": 1})


def test_times_are_those_of_the_database(store: Store) -> None:
    kit.later(3600)
    run = kit.claimed(store)
    store.steps.record(run, [kit.done()], ())
    step = kit.step(run)
    assert step.started is not None
    assert step.ended is not None
    assert abs(step.ended - clock.now()) < timedelta(seconds=5)
    assert timedelta(seconds=0.2) < step.ended - step.started < timedelta(seconds=0.3)


def test_a_record_answers_with_what_is_remembered(store: Store) -> None:
    run = kit.claimed(store)
    (memo,) = store.steps.record(run, [kit.done("a", "[1,2]", branch="0")], ())
    assert (memo.branch, memo.value(), memo.failure) == ("0", [1, 2], None)


def test_a_repeat_of_our_own_record_is_a_success(store: Store) -> None:
    run = kit.claimed(store)
    first = store.steps.record(run, [kit.done()], ())
    assert store.steps.record(run, [kit.done()], ()) == first
    assert Step.objects.count() == 1


def test_the_result_of_a_rival_is_adopted(store: Store) -> None:
    run = rival_recorded(store, kit.done("a", '"theirs"'))
    (memo,) = store.steps.record(run, [kit.done("a", '"ours"')], ())
    assert memo.value() == "theirs"
    assert kit.step(run).result == "theirs"


def test_the_failure_of_a_rival_is_adopted(store: Store) -> None:
    run = rival_recorded(store, kit.failed())
    (memo,) = store.steps.record(run, [kit.done("a", '"ours"')], ())
    assert memo.failure is not None
    assert memo.failure.message == "no luck"


def test_a_large_result_of_a_rival_is_adopted(store: Store) -> None:
    run = rival_recorded(store, kit.done("a", kit.LARGE))
    (memo,) = store.steps.record(run, [kit.done("a", '"ours"')], ())
    assert memo.output == kit.LARGE


@pytest.mark.parametrize("result", [kit.done(), kit.failed(), kit.failed(retry_in=5.0)])
def test_nothing_is_recorded_under_an_old_claim(store: Store, result: Result) -> None:
    old = kit.claimed(store)
    kit.taken_over(store, old)
    with pytest.raises(Fenced):
        store.steps.record(old, [result], ())
    assert (Step.objects.count(), Attempt.objects.count()) == (0, 0)


def test_nothing_is_recorded_for_a_run_that_ended(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.finish(run, "completed", output="1")
    with pytest.raises(Fenced):
        store.steps.record(run, [kit.done()], ())
    assert not Step.objects.exists()


def test_nothing_is_recorded_for_a_run_given_back(store: Store) -> None:
    run = kit.claimed(store)
    store.runs.release(run)
    with pytest.raises(Fenced):
        store.steps.record(run, [kit.done()], ())
    assert not Step.objects.exists()


def test_nothing_is_recorded_for_a_run_that_is_gone(store: Store) -> None:
    run = RunClaim(id=uuid4(), claim=1, function="f", event=None)
    with pytest.raises(Fenced):
        store.steps.record(run, [kit.done()], ())
    assert not Step.objects.exists()


def test_a_retry_is_not_recorded_under_an_old_claim(store: Store) -> None:
    old = kit.claimed(store)
    store.steps.record(old, [kit.failed(retry_in=5.0)], ())
    new = kit.taken_over(store, old)
    again = kit.done(attempt=1)
    with pytest.raises(Fenced):
        store.steps.record(old, [again], [again.request.key])
    assert kit.step(new).status == "retrying"


def test_a_large_output_is_kept_apart_and_comes_back(store: Store) -> None:
    run = kit.claimed(store)
    (memo,) = store.steps.record(run, [kit.done("a", kit.LARGE)], ())
    assert memo.output == kit.LARGE
    assert (kit.step(run).output, kit.step(run).large) == (None, True)
    assert kit.step(run).result == "ü" * 5000


def test_a_repeat_of_a_large_record_is_a_success(store: Store) -> None:
    run = kit.claimed(store)
    first = store.steps.record(run, [kit.done("a", kit.LARGE)], ())
    assert store.steps.record(run, [kit.done("a", kit.LARGE)], ()) == first
    assert Blob.objects.count() == 1


def test_text_of_every_kind_comes_back(store: Store) -> None:
    run = kit.claimed(store)
    output = '"100% of %s, {x} \\\\ \\" \' \\n ⏰ 🙂 \u2028"'
    store.steps.record(run, [kit.done("a %s 100% 🙂", output)], ())
    step = Step.objects.get(run=run.id)
    assert (step.name, step.output) == ("a %s 100% 🙂", output)


def test_no_result_is_not_the_same_as_null(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.done("a", "null")], ())
    assert (kit.step(run).output, kit.step(run).result) == ("null", None)
