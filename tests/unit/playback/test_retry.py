"""When to try again: the table, the dice, what authors ask for, and when to stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from durable.conf import BACKOFF
from durable.errors import NonRetriableError, RetryAfterError, StepError
from durable.playback.failure import Failure
from durable.playback.retry import RetryPolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FAILURE = Failure.of(ValueError("no luck"))


def delay(
    failure: Failure = FAILURE,
    attempt: int = 0,
    *,
    retries: int = 20,
    backoff: Sequence[float] | Callable[[int], float] = BACKOFF,
    jitter: float = 0.0,
    dice: float = 0.0,
) -> float | None:
    policy = RetryPolicy(retries=retries, backoff=backoff, jitter=jitter)
    return policy.delay(failure, attempt, now=NOW, dice=lambda: dice)


def after(moment: datetime) -> Failure:
    return Failure.of(RetryAfterError("busy", moment))


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [
        *((0, 15), (1, 30), (2, 60), (3, 120), (4, 300), (5, 600)),
        *((6, 1200), (7, 2400), (8, 3600), (9, 7200), (10, 7200), (19, 7200)),
    ],
)
def test_the_table_grows_and_its_last_entry_repeats(attempt: int, seconds: float) -> None:
    assert delay(attempt=attempt) == seconds


def test_jitter_is_added_as_the_dice_say() -> None:
    assert delay(jitter=30, dice=0.5) == 30
    assert delay(jitter=30, dice=0.999) == pytest.approx(44.97)


@pytest.mark.parametrize(("retries", "attempt"), [(0, 0), (1, 1), (3, 3), (3, 4)])
def test_after_the_last_try_there_is_none(retries: int, attempt: int) -> None:
    assert delay(attempt=attempt, retries=retries) is None


@pytest.mark.parametrize(("retries", "attempt"), [(1, 0), (3, 2)])
def test_before_it_there_is_one(retries: int, attempt: int) -> None:
    assert delay(attempt=attempt, retries=retries) is not None


@pytest.mark.parametrize("error", [NonRetriableError("no"), StepError("no", "ValueError")])
def test_some_errors_are_final_at_once(error: Exception) -> None:
    assert delay(Failure.of(error)) is None


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        (timedelta(seconds=90), 90),
        (timedelta(seconds=1), 1),
        (timedelta(milliseconds=1), 1),
        (timedelta(0), 1),
        (timedelta(days=-400), 1),
        (timedelta(hours=24), 86_400),
        (timedelta(days=400), 86_400),
    ],
)
def test_what_the_author_asks_for_is_kept_between_a_second_and_a_day(
    wanted: timedelta, seconds: float
) -> None:
    assert delay(after(NOW + wanted), jitter=30, dice=1) == seconds


def test_asking_for_a_time_gives_no_more_tries() -> None:
    assert delay(after(NOW + timedelta(hours=1)), attempt=3, retries=3) is None


def test_a_function_may_decide_and_gets_no_dice() -> None:
    assert delay(attempt=4, backoff=lambda attempt: attempt * 10, jitter=30, dice=1) == 40


def test_a_function_may_say_at_once_but_not_earlier() -> None:
    assert delay(backoff=lambda attempt: -5) == 0
