from __future__ import annotations

from durable.worker.failures import Failures


def after(*clusters: bool, seconds: float = 1.0) -> Failures:
    """Return the count after clusters that were ready, or not, and ended after so many seconds."""
    failures = Failures()
    for was_ready in clusters:
        failures.count(was_ready=was_ready, seconds=seconds)
    return failures


def test_two_clusters_that_do_not_start_are_followed_by_a_third() -> None:
    assert not after(False, False).are_hopeless


def test_three_clusters_that_do_not_start_are_enough() -> None:
    assert after(False, False, False).are_hopeless


def test_clusters_that_take_long_not_to_start_are_enough_too() -> None:
    assert after(False, False, False, seconds=120.0).are_hopeless


def test_clusters_that_were_ready_may_end_for_ever() -> None:
    assert not after(*[True] * 50).are_hopeless


def test_clusters_that_do_not_start_after_one_that_was_ready_are_tried_for_ever() -> None:
    assert not after(False, True, *[False] * 50).are_hopeless


def test_failures_in_a_row_are_counted_for_the_pauses() -> None:
    assert after(False, True, True).in_a_row == 3


def test_failure_after_a_healthy_while_is_the_first_again() -> None:
    failures = after(True, True)
    failures.count(was_ready=True, seconds=11.0)
    assert failures.in_a_row == 1


def test_a_cluster_that_took_long_not_to_start_was_not_healthy() -> None:
    assert after(True, False, seconds=120.0).in_a_row == 2
