"""Alarms interrupt the code they were made for, and nothing before, behind or beside it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

import pytest

from durable.errors import DurableError, StepTimeoutError
from durable.playback.alarm import Alarm, SignalAlarm, TimedOut, alarm
from durable.playback.interrupt import Fenced, Halted
from durable.playback.limited import Limited
from durable.playback.request import ParallelMode, Request, Work

BOUND = 15.0  # seconds after which code that nobody interrupts ends by itself
SIGALRM = signal.SIGALRM


@pytest.fixture(autouse=True)
def handler() -> Iterator[list[int]]:
    """A handler that was there before, and the signals it was called for."""
    received: list[int] = []
    mine = lambda number, frame: received.append(number)  # noqa: E731
    before = signal.signal(SIGALRM, mine)
    yield received
    assert signal.getsignal(SIGALRM) is mine
    signal.signal(SIGALRM, before)


def limited(body: Callable[[], object], left: Callable[[], object] = lambda: None) -> Limited:
    request = Request(
        key="k", name="a", index=0, branch="", mode=ParallelMode.WAIT, what=Work(body, timeout=1.0)
    )
    return Limited(request, left)


class Body:
    """A body that says when it has begun, so that others can act on it meanwhile."""

    def __init__(self, then: Callable[[], object]) -> None:
        self.begun = threading.Event()
        self.then = then

    def __call__(self) -> object:
        self.begun.set()
        return self.then()


def act_on(body: Body, act: Callable[[], object]) -> threading.Thread:
    """Have another thread do something once the body has begun."""

    def wait_and_act() -> None:
        assert body.begun.wait(BOUND)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def sleep() -> str:
    time.sleep(BOUND)
    return "not interrupted"


def spin() -> str:
    give_up = time.monotonic() + BOUND
    while time.monotonic() < give_up:
        pass
    return "not interrupted"


@pytest.mark.parametrize("then", [sleep, spin])
def test_a_body_in_the_main_thread_is_interrupted(then: Callable[[], object]) -> None:
    body = Body(then)
    one = limited(body)
    act_on(body, one.interrupt)
    with pytest.raises(StepTimeoutError):
        one.call()


def test_a_body_in_a_thread_is_interrupted() -> None:
    body, ends = Body(spin), list[object]()

    def work() -> None:
        one = limited(body)
        act_on(body, one.interrupt)
        try:
            ends.append(one.call())
        except StepTimeoutError as error:
            ends.append(type(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ends == [StepTimeoutError]


def test_the_main_thread_has_signals_and_others_have_none() -> None:
    made: list[Alarm] = []
    thread = threading.Thread(target=lambda: made.append(alarm()))
    thread.start()
    thread.join()
    assert isinstance(alarm(), SignalAlarm)
    assert not isinstance(made[0], SignalAlarm)


def test_without_signals_the_main_thread_is_interrupted_as_others_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(signal, "pthread_kill")
    body = Body(spin)
    one = limited(body)
    act_on(body, one.interrupt)
    with pytest.raises(StepTimeoutError):
        one.call()


def test_nothing_is_interrupted_before_the_body() -> None:
    one = limited(lambda: "done")
    one.interrupt()
    assert one.call() == "done"
    assert not one.is_late


def test_nothing_is_interrupted_behind_the_body() -> None:
    one = limited(lambda: "done")
    assert one.call() == "done"
    one.interrupt()
    assert not one.give_up()
    assert not one.is_late


@pytest.mark.parametrize("seed", range(50))
def test_an_interrupt_at_the_very_end_lands_within_or_not_at_all(seed: int) -> None:
    body = Body(lambda: time.sleep(seed * 1e-5))
    one = limited(body)
    thread = act_on(body, one.interrupt)
    try:
        assert one.call() is None
    except StepTimeoutError:
        assert one.is_late
    thread.join()
    for _ in range(1000):
        pass  # whatever is still under way would be raised here


@pytest.mark.parametrize("seed", range(50))
def test_so_it_does_in_a_thread(seed: int) -> None:
    ends: list[object] = []

    def work() -> None:
        body = Body(lambda: time.sleep(seed * 1e-5))
        one = limited(body)
        thread = act_on(body, one.interrupt)
        try:
            one.call()
        except StepTimeoutError:
            assert one.is_late
        thread.join()
        for _ in range(1000):
            pass
        ends.append("sound")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ends == ["sound"]


def test_signals_from_elsewhere_go_to_the_handler_there_was(handler: list[int]) -> None:
    assert limited(lambda: signal.raise_signal(SIGALRM)).call() is None
    assert handler == [SIGALRM]


def test_a_timer_there_was_goes_on(handler: list[int]) -> None:
    signal.setitimer(signal.ITIMER_REAL, BOUND)
    try:
        assert limited(lambda: "done").call() == "done"
        left, _ = signal.getitimer(signal.ITIMER_REAL)
        assert 0 < left < BOUND
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_a_handler_that_raises_raises_in_the_body() -> None:
    def impatient(number: int, frame: FrameType | None) -> None:
        raise TimeoutError("the caller's own")

    before = signal.signal(SIGALRM, impatient)
    try:
        with pytest.raises(TimeoutError, match="own"):
            limited(lambda: signal.raise_signal(SIGALRM)).call()
        assert signal.getsignal(SIGALRM) is impatient
    finally:
        signal.signal(SIGALRM, before)


def test_a_body_may_have_a_handler_of_its_own() -> None:
    received: list[int] = []

    def own() -> str:
        signal.signal(SIGALRM, lambda number, frame: received.append(number))
        signal.raise_signal(SIGALRM)
        return spin()

    body = Body(own)
    one = limited(body)
    while_on = act_on(body, lambda: interrupt_when(lambda: bool(received), one))
    with pytest.raises(StepTimeoutError):
        one.call()
    while_on.join()
    assert received == [SIGALRM]


def interrupt_when(is_so: Callable[[], bool], one: Limited) -> None:
    give_up = time.monotonic() + BOUND
    while not is_so() and time.monotonic() < give_up:
        time.sleep(0.001)
    one.interrupt()


def test_bodies_within_bodies_are_told_apart() -> None:
    inner_body = Body(sleep)
    inner = limited(inner_body)

    def outer_body() -> str:
        act_on(inner_body, inner.interrupt)
        with pytest.raises(StepTimeoutError):
            inner.call()
        return "done"

    assert limited(outer_body).call() == "done"


def test_what_is_returned_after_the_interrupt_does_not_count() -> None:
    def careless() -> str:
        try:
            time.sleep(BOUND)
        except TimedOut:
            return "as if nothing had happened"
        return "not interrupted"

    body = Body(careless)
    one = limited(body)
    act_on(body, one.interrupt)
    with pytest.raises(StepTimeoutError) as raised:
        one.call()
    assert str(raised.value) == "Step 'a' took longer than its time-out of 1 s."


def test_signals_of_the_replay_pass() -> None:
    def misused() -> None:
        try:
            time.sleep(BOUND)
        except TimedOut:
            raise Halted(DurableError("misused")) from None

    body = Body(misused)
    one = limited(body)
    act_on(body, one.interrupt)
    with pytest.raises(Halted):
        one.call()


def test_a_body_that_was_given_up_has_no_say() -> None:
    given_up = threading.Event()
    body = Body(lambda: given_up.wait(BOUND))
    one = limited(body)

    def give_up() -> None:
        assert one.give_up()
        given_up.set()

    act_on(body, give_up)
    with pytest.raises(Fenced):
        one.call()


def test_it_says_where_the_body_is() -> None:
    looked, seen = threading.Event(), list[str]()
    body = Body(lambda: looked.wait(BOUND))
    one = limited(body)

    def look() -> None:
        seen.append(one.where)
        looked.set()

    act_on(body, look)
    one.call()
    assert "looked.wait(BOUND)" in seen[0]
    assert "limited.py" not in seen[0]


def test_who_leaves_the_thread_is_told() -> None:
    left: list[str] = []
    limited(lambda: None, lambda: left.append("left")).leave()
    assert left == ["left"]
