"""A wait and what ends it, in every order: the event is never missed, and exactly one thing ends it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest

import durable
from durable.engine.deliver import deliver
from durable.engine.plan import plan
from durable.engine.timers import ring
from durable.models import Event, Run, Step, Wait
from durable.playback.keys import step_key
from durable.playback.request import EventWait, ParallelMode, Request
from durable.store import Store
from durable.store.rows import RunClaim
from tests.integration.store import kit
from tests.invariants.actors import preempted

NAME = "order/paid"
FIRST = pytest.mark.parametrize("event_first", [True, False], ids=["event", "wait"])


def request(lookback: float | None = None, timeout: float = 3600.0) -> Request:
    return Request(
        key=step_key("wait", 0, ""),
        name="wait",
        index=0,
        branch="",
        mode=ParallelMode.WAIT,
        what=EventWait(NAME, timeout, lookback=lookback),
    )


def wait(store: Store, run: RunClaim, lookback: float | None = None) -> None:
    """Do as the driver does."""
    plan(store, run, [request(lookback)], park=True, take=0)


def pay(store: Store) -> None:
    """Do as a sender does, and then as a worker does that is woken."""
    durable.send(durable.Event(name=NAME, data={"n": 1}))
    deliver(store)


def work(store: Store) -> None:
    """Do as workers do: look at what came in, and at what is due."""
    deliver(store)
    ring(store, store.steps.claim(kit.RIVAL, 10))


def status(run: RunClaim) -> tuple[str, str | None]:
    step = Step.objects.get(run=run.id)
    return step.status, step.output


def forget(run: RunClaim) -> None:
    Run.objects.filter(pk=run.id).update(due_at=None)
    Event.objects.filter(name=NAME).delete()
    Step.objects.all().delete()


def sweep(
    store: Store,
    begin: Callable[[], RunClaim],
    actors: Callable[[RunClaim], Any],
    event_first: bool,
) -> list[tuple[RunClaim, str]]:
    """Stop one actor at each of its statements while the other does all it does."""
    ends = []
    for stop_at in count(1):
        run = begin()
        first, second = actors(run) if event_first else reversed(actors(run))
        both = preempted(first, second, stop_at)
        if both is None:
            break
        ends.append(check(store, run, both[2]))
        forget(run)
    assert stop_at > 2
    return ends


def check(store: Store, run: RunClaim, where: str) -> tuple[RunClaim, str]:
    """Whatever was first: when all has been looked at, the run is due once, or waits on."""
    work(store)
    row = kit.row(run)
    end, output = status(run)
    assert end in ("done", "pending"), where
    assert (row.pending, row.status) == ((0, "queued") if end == "done" else (1, "waiting")), where
    assert Wait.objects.filter(run=run.id).exists() == (end == "pending"), where
    return run, "pending" if end == "pending" else str(output)


@FIRST
def test_an_event_that_comes_while_its_wait_is_registered_is_not_lost_to_one_that_looks_back(
    store: Store, event_first: bool
) -> None:
    ends = sweep(
        store,
        lambda: kit.claimed(store),
        lambda run: [partial(pay, store), partial(wait, store, run, 60.0)],
        event_first,
    )
    assert all('"n":1' in end for _, end in ends)


@FIRST
def test_an_event_committed_after_the_wait_is_never_missed(store: Store, event_first: bool) -> None:
    def begin() -> RunClaim:
        run = kit.claimed(store)
        wait(store, run)
        return run

    ends = (
        sweep(
            store,
            begin,
            lambda run: [partial(pay, store), partial(deliver, store)],
            event_first,
        )
        if event_first
        else []
    )
    assert all('"n":1' in end for _, end in ends)


@FIRST
def test_a_wait_ends_once_by_its_event_or_by_its_time(store: Store, event_first: bool) -> None:
    def begin() -> RunClaim:
        run = kit.claimed(store)
        plan(store, run, [request(timeout=0.0)], park=True, take=0)
        return run

    ends = sweep(
        store,
        begin,
        lambda run: [partial(pay, store), lambda: ring(store, store.steps.claim(kit.RIVAL, 10))],
        event_first,
    )
    assert all(end == "null" or '"n":1' in end for _, end in ends)


@FIRST
def test_two_workers_that_hand_out_one_event_end_a_wait_once(
    store: Store, event_first: bool
) -> None:
    def begin() -> RunClaim:
        run = kit.claimed(store)
        wait(store, run)
        durable.send(durable.Event(name=NAME, data={"n": 1}))
        return run

    ends = sweep(
        store, begin, lambda run: [partial(deliver, store), partial(deliver, store)], event_first
    )
    assert all('"n":1' in end or end == "pending" for _, end in ends)


@FIRST
def test_a_run_that_ends_while_its_event_comes_is_not_woken(
    store: Store, event_first: bool
) -> None:
    for stop_at in count(1):
        run = kit.claimed(store)
        plan(store, run, [request()], park=False, take=0)
        actors: list[Callable[[], Any]] = [
            partial(pay, store),
            partial(store.runs.finish, run, "completed", output="1", close_steps=True),
        ]
        first, second = actors if event_first else reversed(actors)
        both = preempted(first, second, stop_at)
        if both is None:
            break
        row = kit.row(run)
        assert (row.status, row.due_at, row.pending) == ("completed", None, 0), both[2]
        assert status(run)[0] in ("cancelled", "done"), both[2]
        work(store)
        assert not Wait.objects.exists(), both[2]
        forget(run)
    assert stop_at > 2
