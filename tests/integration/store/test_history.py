"""What is remembered of a run, read back."""

from __future__ import annotations

import pytest

from durable.playback.request import ParallelMode
from durable.store import Store
from durable.store.rows import RunClaim
from tests.integration.store import kit

pytestmark = pytest.mark.django_db


def second_wave(store: Store) -> RunClaim:
    """Make a run with a step in place, a wave of two that ended, and a wave of two that is open."""
    run = kit.claimed(store)
    store.steps.record(run, [kit.done("plain", '"p"')], ())
    for wave in (1, 2):
        names = [f"a{wave}", f"b{wave}"]
        store.steps.plan(run, [kit.request(name) for name in names], park=False)
        run = RunClaim(id=run.id, claim=1, function="f", event=None, wave=wave)
        if wave == 1:
            claims = store.steps.claim(kit.ME, 2)
            store.steps.flush(
                [(claim, kit.done(claim.name, f'"{claim.name}"')) for claim in claims]
            )
    return run


def names(*wanted: str) -> frozenset[str]:
    return frozenset(kit.request(name).key for name in wanted)


def test_a_new_run_remembers_nothing(store: Store) -> None:
    history = store.steps.history(kit.claimed(store).id)
    assert (history.memos, dict(history.tries), history.opened, history.count) == (
        {},
        {},
        frozenset(),
        0,
    )


def test_results_and_failures_are_memos_in_the_order_they_were_made(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.done("b", '"made"', branch="1")], ())
    store.steps.record(run, [kit.failed("a")], ())
    memos = list(store.steps.history(run.id).memos.values())
    assert [memo.branch for memo in memos] == ["1", ""]
    assert memos[0].value() == "made"
    assert memos[1].failure is not None
    assert (memos[1].failure.name, memos[1].failure.stack) == ("ValueError", "line 1")


def test_large_results_are_filled_in(store: Store) -> None:
    run = kit.claimed(store)
    results = [kit.done("a", kit.LARGE), kit.done("b", "1"), kit.done("c", kit.LARGE, branch="2")]
    store.steps.record(run, results, ())
    memos = store.steps.history(run.id).memos
    assert [memo.output for memo in memos.values()] == [kit.LARGE, "1", kit.LARGE]
    assert memos[results[2].request.key].branch == "2"


def test_planned_steps_are_open_until_they_are_final(store: Store) -> None:
    run = kit.planned(store, "a", "b", "c")
    claims = store.steps.claim(kit.ME, 2)
    assert store.steps.history(run.id).opened == names("a", "b", "c")
    store.steps.flush(
        [(claims[0], kit.done(claims[0].name)), (claims[1], kit.failed(claims[1].name))]
    )
    history = store.steps.history(run.id)
    assert history.opened == names("c")
    assert set(history.memos) == names("a", "b")


def test_a_planned_step_to_be_retried_is_open_and_no_try_of_the_run(store: Store) -> None:
    run = kit.planned(store, "a")
    (claim,) = store.steps.claim(kit.ME, 1)
    store.steps.flush([(claim, kit.failed(retry_in=60.0))])
    history = store.steps.history(run.id)
    assert (history.opened, len(history.tries)) == (names("a"), 0)


def test_a_wait_that_is_over_is_not_positive(store: Store) -> None:
    run = kit.claimed(store)
    store.steps.record(run, [kit.failed(retry_in=5.0)], ())
    kit.later(6)
    (known,) = store.steps.history(run.id).tries.values()
    assert known.wait <= 0


def test_the_whole_history_counts_every_row(store: Store) -> None:
    history = store.steps.history(second_wave(store).id)
    assert set(history.memos) == names("plain", "a1", "b1")
    assert (history.opened, history.count) == (names("a2", "b2"), 5)


def test_helpers_read_the_waves_before_their_own(store: Store) -> None:
    run = second_wave(store)
    assert set(store.steps.history(run.id, before=2).memos) == names("plain", "a1", "b1")
    assert set(store.steps.history(run.id, before=1).memos) == names("plain")


def test_planners_read_their_own_wave(store: Store) -> None:
    run = second_wave(store)
    assert set(store.steps.history(run.id, wave=1).memos) == names("a1", "b1")
    history = store.steps.history(run.id, wave=2)
    assert (len(history.memos), history.opened) == (0, names("a2", "b2"))


def test_a_step_in_place_belongs_to_the_wave_before_it(store: Store) -> None:
    run = second_wave(store)
    store.steps.record(run, [kit.done("after")], ())
    assert kit.step(run, "after").wave == 2


def test_cancelled_steps_are_counted_only(store: Store) -> None:
    run = kit.planned(store, "a", mode=ParallelMode.RACE)
    store.runs.finish(run, "completed", output="1", close_steps=True)
    history = store.steps.history(run.id)
    assert (history.memos, history.opened, history.count) == ({}, frozenset(), 1)


def test_runs_do_not_remember_for_each_other(store: Store) -> None:
    run, other = kit.claimed(store), kit.claimed(store)
    store.steps.record(run, [kit.done("a", kit.LARGE)], ())
    store.steps.record(other, [kit.done("a", '"other"')], ())
    (memo,) = store.steps.history(other.id).memos.values()
    assert memo.value() == "other"
