from __future__ import annotations

import pytest

from durable.q2.hints import LOOK, Throttle


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(4, clock)


@pytest.mark.parametrize(("due", "hints"), [(0, 0), (1, 1), (3, 3), (4, 4), (16, 4)])
def test_first_burst_has_a_hint_for_each_due_row_up_to_the_workers(
    throttle: Throttle, due: int, hints: int
) -> None:
    assert throttle.allow(due, untaken=0) == hints


def test_messages_not_taken_yet_leave_that_much_less_room(throttle: Throttle) -> None:
    assert throttle.allow(9, untaken=3) == 1


def test_no_second_burst_until_a_moment_has_passed(throttle: Throttle, clock: Clock) -> None:
    throttle.allow(4, untaken=0)
    clock.now += 0.02
    assert throttle.allow(4, untaken=0) == 0
    clock.now += 0.02
    assert throttle.allow(4, untaken=0) == 4


def test_notification_allows_a_burst_sooner(throttle: Throttle, clock: Clock) -> None:
    throttle.allow(1, untaken=0)
    clock.now += 0.006
    throttle.nudge()
    assert throttle.allow(4, untaken=0) == 4


def test_rests_until_the_next_burst_while_rows_are_due(throttle: Throttle) -> None:
    throttle.allow(4, untaken=0)
    assert throttle.rest(next_in=-5.0) == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("next_in", "rest"), [(None, LOOK), (60.0, LOOK), (0.2, 0.2), (0.0, 0.0), (-1.0, 0.0)]
)
def test_rests_until_the_next_row_comes_due(
    throttle: Throttle, next_in: float | None, rest: float
) -> None:
    throttle.allow(0, untaken=0)
    assert throttle.rest(next_in) == rest


def bursts(throttle: Throttle, clock: Clock, untaken: int | None, seconds: float) -> int:
    """Count the hints made while 16 rows stay due for so long."""
    made, until = 0, clock.now + seconds
    while clock.now < until:
        made += throttle.allow(16, untaken)
        clock.now += 0.001
    return made


def test_busy_workers_with_hints_in_store_get_no_more(throttle: Throttle, clock: Clock) -> None:
    assert bursts(throttle, clock, untaken=4, seconds=10.0) == 0
    assert throttle.rest(None) <= 0.25


def test_hints_in_vain_become_rare(throttle: Throttle, clock: Clock) -> None:
    assert bursts(throttle, clock, untaken=None, seconds=3.0) > 16
    assert bursts(throttle, clock, untaken=None, seconds=10.0) <= 4 * 11


def test_a_quiet_moment_ends_the_back_off(throttle: Throttle, clock: Clock) -> None:
    bursts(throttle, clock, untaken=None, seconds=10.0)
    clock.now += 2.0
    throttle.allow(0, untaken=None)
    throttle.allow(4, untaken=None)
    assert throttle.rest(None) == pytest.approx(0.03)
