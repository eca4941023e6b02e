"""One worker is stopped at each of its statements in turn, while another does what it can find."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.test import override_settings

from durable import clock
from durable.models import Run
from durable.store import Store
from tests.invariants import stage
from tests.invariants.actors import preempted
from tests.invariants.lives import LIVES, Life

FIRST, SECOND = "first", "second"


@pytest.fixture(params=["group", "race", "strict", "async"])
def life(request: pytest.FixtureRequest, clean_stage: None) -> Iterator[Life]:
    chosen = LIVES[request.param]
    chosen.define()
    with override_settings(DURABLE={"BACKOFF": [5], "JITTER": 0}):
        yield chosen


@pytest.fixture
def every(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> int:
    """Stop at every so manieth statement; `DURABLE_TEST_SWEEP=full` stops at each of them."""
    params = request.node.callspec.params
    every = (2 if params["life"] == "group" else 5) * (4 if params["store"] == "orm" else 1)
    if os.environ.get("DURABLE_TEST_SWEEP") == "full":
        every = 1
    record_property("every", every)
    return every


def play(
    store: Store, stop_at: int, meanwhile: Callable[[], Any] = lambda: None
) -> tuple[Run, str] | None:
    """Stop the first worker there; return the run at its end, and where that was."""
    stage.journal.clear()
    run = stage.send()
    known: list[Any] = []

    def second() -> None:
        meanwhile()
        stage.work(stage.worker(store, SECOND))

    def look() -> None:
        if Run.objects.filter(pk=run, ended__isnull=False).exists():
            known.append(stage.snapshot(run))

    first = partial(stage.work, stage.worker(store, FIRST))
    both = preempted(first, second, stop_at, before_resuming=look)
    if known:
        assert known[-1] == stage.snapshot(run), both and both[2]
    ended = stage.settle(store, run)
    stage.check_end(ended)
    return (ended, both[2]) if both else None


def sweep(
    store: Store, life: Life, every: int, meanwhile: Callable[[], Any], *, again: int
) -> None:
    """Stop the first worker everywhere; each body runs as often as it should, or `again` oftener."""
    for stop_at in count(1, every):
        found = play(store, stop_at, meanwhile)
        if found is None:
            break
        run, where = found
        assert run.status == "completed", where
        stage.check_remembered(run)
        assert stage.bodies().keys() == set(life.steps), where
        assert all(stage.bodies()[name] <= life.bodies[name] + again for name in life.steps), where
    assert stop_at > every


def expire() -> None:
    clock.travel(timedelta(seconds=stage.LEASE + 1))


def test_two_workers_share_a_run_and_every_body_runs_once(
    store: Store, life: Life, every: int
) -> None:
    sweep(store, life, every, lambda: None, again=0)


def test_a_late_worker_changes_nothing(store: Store, life: Life, every: int) -> None:
    sweep(store, life, every, expire, again=1)


def test_a_worker_that_was_given_up_too_early_changes_nothing(
    store: Store, life: Life, every: int
) -> None:
    sweep(store, life, every, partial(store.release_owners, [f"{FIRST}:1:1"]), again=1)
