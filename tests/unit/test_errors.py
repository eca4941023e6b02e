"""The exceptions a user meets: one tree, stable codes, and what each carries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from durable import errors
from durable.errors import DurableError, NonRetriableError, RetryAfterError, StepError

TREE = [
    found
    for found in vars(errors).values()
    if isinstance(found, type) and issubclass(found, DurableError)
]


def test_the_tree_drawn_on_top_names_every_error() -> None:
    assert [one.__name__ for one in TREE if one.__name__ not in (errors.__doc__ or "")] == []


def test_every_error_says_when_it_happens() -> None:
    assert [one.__name__ for one in TREE if not one.__doc__] == []


def test_codes_are_unique() -> None:
    codes = [one.code for one in TREE]
    assert sorted(set(codes)) == sorted(codes)


def test_none_of_them_escapes_an_except_exception() -> None:
    assert all(issubclass(one, Exception) for one in TREE)


def test_only_retry_after_a_time_out_and_the_base_may_be_tried_again() -> None:
    retriable = {one.__name__ for one in TREE if one.is_retriable}
    assert retriable == {"DurableError", "RetryAfterError", "StepTimeoutError"}


def test_a_non_retriable_error_needs_no_message() -> None:
    assert str(NonRetriableError()) == ""
    assert str(NonRetriableError("stolen", quiet=True)) == "stolen"


def test_a_step_error_carries_the_original() -> None:
    error = StepError("no luck", "ValueError", "Traceback …")
    assert (error.message, error.name, error.stack) == ("no luck", "ValueError", "Traceback …")
    assert (error.code, error.is_retriable, str(error)) == ("step_errored", False, "no luck")


@pytest.mark.parametrize("after", [90_000, timedelta(seconds=90)])
def test_a_span_counts_from_now(after: int | timedelta) -> None:
    wanted = datetime.now(UTC) + timedelta(seconds=90)
    assert abs(RetryAfterError("busy", after).retry_after - wanted) < timedelta(seconds=5)


def test_a_moment_is_kept_in_utc() -> None:
    paris = timezone(timedelta(hours=2))
    error = RetryAfterError("busy", datetime(2026, 5, 1, 12, tzinfo=paris))
    assert error.retry_after == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert error.retry_after.tzinfo is UTC


@pytest.mark.parametrize("after", ["90", 1.5, None, True])
def test_anything_else_is_a_type_error(after: object) -> None:
    with pytest.raises(TypeError, match="must be milliseconds, a timedelta or a datetime"):
        RetryAfterError("busy", after)  # type: ignore[arg-type]  # the mistake under test
