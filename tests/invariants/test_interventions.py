"""A person ends a wait or a sleep while time or an event does: one of them decides, and the other knows."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import pytest

import durable
from durable.engine.deliver import deliver
from durable.engine.plan import plan
from durable.engine.timers import ring
from durable.errors import RunStateError
from durable.models import Event, Run, Step, Wait
from durable.operations.intervene import deliver_to, skip_sleep
from durable.playback.keys import step_key
from durable.playback.request import EventWait, ParallelMode, Request, Sleep, What
from durable.store import Store
from durable.store.rows import RunClaim
from tests.integration.store import kit
from tests.invariants.actors import preempted

NAME = "order/paid"
BY_HAND = pytest.mark.parametrize("by_hand_first", [True, False], ids=["hand", "other"])


def resting(store: Store, what: What) -> RunClaim:
    run = kit.claimed(store)
    request = Request(
        key=step_key("rest", 0, ""),
        name="rest",
        index=0,
        branch="",
        mode=ParallelMode.WAIT,
        what=what,
    )
    plan(store, run, [request], park=True, take=0)
    return run


def is_done(act: Callable[[], Any]) -> bool:
    """Whether it was not too late for it."""
    with suppress(RunStateError):
        act()
        return True
    return False


def pay(store: Store) -> None:
    durable.send(durable.Event(name=NAME, data={"by": "sender"}))
    deliver(store)


def meetings(
    store: Store,
    what: What,
    hand: Callable[[RunClaim], Any],
    other: Callable[[RunClaim], Any],
    by_hand_first: bool,
) -> Any:
    """Stop one at each of its statements while the other does all it does."""
    for stop_at in count(1):
        run = resting(store, what)
        acts: list[Callable[[], Any]] = [partial(is_done, partial(hand, run)), partial(other, run)]
        first, second = acts if by_hand_first else acts[::-1]
        both = preempted(first, second, stop_at)
        if both is None:
            assert stop_at > 2
            return
        yield run, both[0 if by_hand_first else 1], both[2]
        Run.objects.filter(pk=run.id).update(due_at=None)
        Event.objects.filter(name=NAME).delete()


@BY_HAND
def test_an_event_and_a_person_end_a_wait_once(store: Store, by_hand_first: bool) -> None:
    def hand(run: RunClaim) -> None:
        deliver_to(run.id, "rest", {"by": "hand"})

    wait = EventWait(NAME, 3600.0)
    for run, is_by_hand, where in meetings(
        store, wait, hand, lambda run: pay(store), by_hand_first
    ):
        step = Step.objects.get(run=run.id)
        assert step.status == "done", where
        assert ('"by":"hand"' in str(step.output)) == is_by_hand, where
        assert (kit.row(run).status, kit.row(run).pending) == ("queued", 0), where
        assert not Wait.objects.filter(run=run.id).exists(), where


@BY_HAND
def test_time_and_a_person_end_a_sleep_once(store: Store, by_hand_first: bool) -> None:
    def other(run: RunClaim) -> int:
        return len(ring(store, store.steps.claim(kit.RIVAL, 10)))

    for run, is_by_hand, where in meetings(
        store, Sleep(0.0), lambda run: skip_sleep(run.id, "rest"), other, by_hand_first
    ):
        ring(store, store.steps.claim(kit.RIVAL, 10))
        assert Step.objects.get(run=run.id).status == "done", where
        assert (kit.row(run).status, kit.row(run).pending) == ("queued", 0), where
        assert isinstance(is_by_hand, bool)


@BY_HAND
def test_a_run_that_is_cancelled_is_not_woken_by_hand(store: Store, by_hand_first: bool) -> None:
    for run, is_by_hand, where in meetings(
        store,
        Sleep(3600.0),
        lambda run: skip_sleep(run.id, "rest"),
        lambda run: durable.cancel(run.id),
        by_hand_first,
    ):
        ends = {True: ("done", "cancelled"), False: ("cancelled", "cancelled")}
        assert (Step.objects.get(run=run.id).status, kit.row(run).status) == ends[is_by_hand], where
