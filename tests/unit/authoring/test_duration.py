"""Spans of time and moments, as authors write them."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable import clock
from durable.authoring.duration import LONGEST, duration, moment
from durable.errors import DurationInvalidError

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}


@pytest.mark.parametrize(
    ("given", "milliseconds"),
    [
        (0, 0),
        (1500, 1500),
        (timedelta(minutes=3), 180_000),
        ("2h30m", 9_000_000),
        ("30m2h", 9_000_000),
        ("90s", 90_000),
        ("500ms", 500),
        ("1d 2h", 93_600_000),
        (" 1 d  2 h ", 93_600_000),
        ("1m5ms", 60_005),
        ("2w", 1_209_600_000),
        ("1.5h", 5_400_000),
        ("0s", 0),
        ("366d", 366 * 86_400_000),
    ],
)
def test_a_span_is_read(given: Any, milliseconds: int) -> None:
    assert duration(given, "sleep") == timedelta(milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("", "'' is no span of time. Write milliseconds"),
        (" ", "' ' is no span of time"),
        ("5", "'5' is no span of time"),
        ("h", "'h' is no span of time"),
        ("2 weeks", "'2 weeks' is no span of time"),
        ("2h30", "'2h30' is no span of time"),
        ("2H", "'2H' is no span of time"),
        ("1h, 2m", "'1h, 2m' is no span of time"),
        ("-1h", "'-1h' is no span of time"),
        ("٢h", "'٢h' is no span of time"),
        ("1h2h", "'1h2h' says h twice."),
        (True, "True is no span of time"),
        (None, "None is no span of time"),
        (1.5, "1.5 is no span of time"),
        (-1, "-1 is negative."),
        (timedelta(seconds=-1), "is negative."),
        (367 * 86_400_000, "31708800000 is longer than 366 days."),
        (timedelta(days=366, microseconds=1), "is longer than 366 days."),
        ("53w", "'53w' is longer than 366 days."),
        ("999999999999999w", "is longer than 366 days."),
        pytest.param(10**5000, "more than 80 digits is longer than 366 days.", id="huge"),
        pytest.param(-(10**5000), "more than 80 digits is negative.", id="negative and huge"),
    ],
)
def test_what_is_wrong_with_a_span_is_said(given: Any, problem: str) -> None:
    with pytest.raises(DurationInvalidError, match=r"^sleep 'a while': ") as raised:
        duration(given, "sleep 'a while'")
    assert problem in str(raised.value)


@given(st.dictionaries(st.sampled_from([*UNITS]), st.integers(0, 50), min_size=1))
def test_parts_add_up_in_any_order(parts: dict[str, int]) -> None:
    wanted = timedelta(milliseconds=sum(UNITS[unit] * n for unit, n in parts.items()))
    if wanted <= LONGEST:
        assert duration("".join(f"{n}{unit}" for unit, n in parts.items()), "sleep") == wanted


@given(st.text() | st.text("0123456789. mshdw") | st.integers() | st.timedeltas())
def test_anything_is_a_sound_span_or_refused(value: Any) -> None:
    with suppress(DurationInvalidError):
        assert timedelta() <= duration(value, "sleep") <= LONGEST


def test_a_moment_is_given_in_utc() -> None:
    paris = timezone(timedelta(hours=2))
    found = moment(datetime(2026, 5, 1, 12, tzinfo=paris), "sleep_until")
    assert (found, found.tzinfo) == (datetime(2026, 5, 1, 10, tzinfo=UTC), UTC)


def test_a_naive_moment_is_in_local_time() -> None:
    naive = datetime(2026, 5, 1, 12)
    assert moment(naive, "sleep_until") == naive.astimezone(UTC)


def test_a_moment_may_be_past() -> None:
    assert moment(datetime(1999, 1, 1, tzinfo=UTC), "sleep_until").year == 1999


def test_a_moment_may_be_a_year_ahead() -> None:
    ahead = clock.now() + timedelta(days=365)
    assert moment(ahead, "sleep_until") == ahead


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (date(2026, 5, 1), "is no moment. Give a datetime."),
        ("2026-05-01", "is no moment. Give a datetime."),
        (5, "is no moment. Give a datetime."),
        (datetime(9000, 1, 1, tzinfo=UTC), "is more than 366 days ahead."),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "beyond the years"),
    ],
)
def test_what_is_wrong_with_a_moment_is_said(value: Any, problem: str) -> None:
    with pytest.raises(DurationInvalidError, match=r"^sleep_until 'then': ") as raised:
        moment(value, "sleep_until 'then'")
    assert problem in str(raised.value)
