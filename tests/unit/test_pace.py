"""How many steps a worker takes at a time."""

from __future__ import annotations

from functools import partial

from durable.engine.pace import (
    LARGEST,
    OVERHEAD,
    QUICK,
    TINY,
    expected,
    first_share,
    learn,
    quick_share,
)


def quick() -> None:
    """Take no time."""


def slow(seconds: float = 0.0) -> None:
    """Take as long as is said of it."""


class Callable:
    def __call__(self) -> None:
        """Take no time."""


def test_of_unknown_steps_each_worker_finds_several_shares() -> None:
    assert first_share(80, workers=4) == 10


def test_there_is_a_share_of_one_step() -> None:
    assert first_share(1, workers=4) == 1


def test_no_share_is_larger_than_a_flush_bears() -> None:
    assert first_share(1_000_000, workers=1) == LARGEST


def test_of_steps_known_to_be_quick_a_batch_is_taken() -> None:
    assert first_share(80, workers=4, seconds=0.0) == LARGEST


def test_of_steps_known_to_be_slow_a_share_is_taken() -> None:
    assert first_share(80, workers=4, seconds=10.0) == 10


def test_nothing_is_expected_of_a_body_that_was_never_seen() -> None:
    learn(quick, 0.001)
    assert expected([quick, slow]) is None


def test_the_slowest_body_is_what_is_expected() -> None:
    learn(quick, 0.001)
    learn(slow, 2.0)
    assert expected([quick, slow]) == 2.0


def test_a_body_is_known_whatever_it_is_called_with() -> None:
    learn(partial(slow, 1.0), 2.0)
    assert expected([partial(partial(slow), 3.0)]) == 2.0


def test_callable_objects_are_known_by_their_kind() -> None:
    learn(Callable(), 2.0)
    assert expected([Callable()]) == 2.0


def test_one_that_took_long_once_is_soon_expected_to_be_quick_again() -> None:
    learn(slow, 0.0)
    learn(slow, 0.010)
    assert (expected([slow]) or 0.0) > OVERHEAD
    for _ in range(40):
        learn(slow, 0.0)
    assert (expected([slow]) or 0.0) < OVERHEAD


def test_a_body_that_became_long_is_not_expected_to_be_quick() -> None:
    learn(slow, 0.0)
    learn(slow, 2.0)
    assert (expected([slow]) or 0.0) > QUICK


def test_bodies_that_take_no_time_are_all_done_at_once_up_to_a_limit() -> None:
    assert quick_share(500, 0.0) == 500
    assert quick_share(10_000, 0.0) == TINY


def test_of_bodies_that_take_longer_others_are_left_some() -> None:
    assert quick_share(500, 0.005) == 4
    assert quick_share(500, 1.0) == 0


def test_nothing_is_done_at_once_whose_time_is_not_known() -> None:
    assert quick_share(500, None) == 0
