"""Cron lines: which are read, and when they come, on the nights of both changes of the clocks, too."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durable.authoring import cron
from durable.authoring.cron import COUNTED, read

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    """Return a local time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def times(line: str, start: str, end: str, zone: str = "Europe/Berlin") -> list[str]:
    """Return when a line comes between two local times, as its zone shows it."""
    read_line, site = read(line), ZoneInfo(zone)
    found, moment = [], at(start, site) - timedelta(seconds=1)
    while (moment := read_line.next(moment, site)) < at(end, site):
        found.append(f"{moment.astimezone(site):%d. %H:%M %z}")
    return found


@pytest.mark.parametrize(
    ("line", "text", "fields"),
    [
        ("30 1 * * *", "30 1 * * *", "30 1 * * *"),
        ("  30   1 *\t* * ", "30 1 * * *", "30 1 * * *"),
        ("0 9 * jan mon-fri", "0 9 * JAN MON-FRI", "0 9 * JAN MON-FRI"),
        ("TZ=Europe/Berlin  30 1 * * *", "TZ=Europe/Berlin 30 1 * * *", "30 1 * * *"),
        ("@hourly", "@hourly", "0 * * * *"),
        ("@Daily", "@daily", "0 0 * * *"),
        ("@weekly", "@weekly", "0 0 * * 0"),
        ("@monthly", "@monthly", "0 0 1 * *"),
        ("TZ=Asia/Tokyo @yearly", "TZ=Asia/Tokyo @yearly", "0 0 1 1 *"),
    ],
)
def test_a_line_is_read(line: str, text: str, fields: str) -> None:
    assert (read(line).text, read(line).fields) == (text, fields)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "has 0 fields; it must have five"),
        ("* * * *", "has 4 fields"),
        ("*/10 * * * * *", "has 6 fields; .* There are no seconds"),
        ("CRON_TZ=Europe/Berlin 0 1 * * *", "has 6 fields"),
        ("60 * * * *", "has a wrong field: Bad minute"),
        ("0 0 * 13 *", "has a wrong field: Bad month"),
        ("0 0 32 * *", "has a wrong field: Bad day-of-month"),
        ("0 0 * * 8", "has a wrong field: Bad day-of-week"),
        ("0 0 30 2 *", "never comes: there is no such day"),
        ("0 0 31 4,6 *", "never comes: there is no such day"),
        ("0 0 * 2 MON#5,TUE#6", "has a wrong field"),
        ("TZ=Mars/Olympus 0 0 * * *", "names an unknown time zone, 'Mars/Olympus'"),
        ("TZ=Europe 0 0 * * *", "names an unknown time zone, 'Europe'"),
        ("TZ=../../etc/passwd 0 0 * * *", "names an unknown time zone"),
        ("TZ= 0 0 * * *", "names an unknown time zone, ''"),
        ("@reboot", "is not one of @hourly, @daily"),
        ("0 0 " + "1," * 100 + "1 * *", "has 209 characters; the most is 200"),
    ],
)
def test_a_wrong_line_is_refused_with_the_reason(line: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(line)


def test_a_leap_day_is_waited_for() -> None:
    assert read("0 0 29 2 *").next(at("2096-03-01T00:00"), BERLIN) == at("2104-02-29T00:00")


FIELD = st.text(alphabet="0123456789*/,-#LWADEMONZ²", min_size=1, max_size=8)


@given(st.one_of(st.text(max_size=60), st.lists(FIELD, min_size=5, max_size=5).map(" ".join)))
def test_any_text_is_read_or_refused(line: str) -> None:
    with suppress(ValueError):
        read(line)


def test_lines_are_read_without_cronsim_as_far_as_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cron, "CronSim", None)
    assert not cron.is_installed()
    assert read("0 0 30 2 *").fields == "0 0 30 2 *"
    with pytest.raises(ValueError, match="has 6 fields"):
        read("* * * * * *")


def test_a_line_without_a_zone_is_in_that_of_the_site() -> None:
    line, tokyo = read("30 1 * * *"), ZoneInfo("Asia/Tokyo")
    assert line.next(at("2026-06-01T00:00", tokyo), tokyo) == at("2026-06-01T01:30", tokyo)


def test_a_zone_in_the_line_wins_over_that_of_the_site() -> None:
    line, tokyo = read("TZ=Europe/Berlin 30 1 * * *"), ZoneInfo("Asia/Tokyo")
    assert line.next(at("2026-06-01T00:00"), tokyo) == at("2026-06-01T01:30")


def test_the_next_time_is_later_than_the_last() -> None:
    tick = at("2026-06-01T01:30")
    assert read("30 1 * * *").next(tick, BERLIN) == at("2026-06-02T01:30")
    before = tick - timedelta(microseconds=1)
    assert read("30 1 * * *").next(before, BERLIN) == tick


SPRING = ("2026-03-29T00:00", "2026-03-30T00:00")
AUTUMN = ("2026-10-25T00:00", "2026-10-26T00:00")


def test_a_time_that_spring_skips_comes_when_the_night_goes_on() -> None:
    assert times("30 2 * * *", *SPRING) == ["29. 03:00 +0200"]


def test_several_times_that_spring_skips_come_as_one() -> None:
    assert times("0,15,30 2 * * *", *SPRING) == ["29. 03:00 +0200"]


def test_a_time_that_autumn_repeats_comes_once() -> None:
    assert times("30 2 * * *", *AUTUMN) == ["25. 02:30 +0200"]


def test_a_time_that_autumn_repeats_does_not_come_again_for_who_asks_in_the_second_round() -> None:
    second_round = at("2026-10-25T02:10", fold=1)
    assert read("30 2 * * *").next(second_round, BERLIN) == at("2026-10-26T02:30")


@pytest.mark.parametrize(("night", "hours"), [(SPRING, 23), (AUTUMN, 25)])
@pytest.mark.parametrize(("line", "each"), [("0 * * * *", 1), ("*/30 * * * *", 2)])
def test_a_repeating_line_comes_at_every_real_interval(
    night: tuple[str, str], hours: int, line: str, each: int
) -> None:
    assert len(times(line, *night)) == hours * each


def test_real_intervals_stay_even_over_the_change() -> None:
    line, moments = read("*/30 * * * *"), [at("2026-10-24T23:00")]
    while moments[-1] < at("2026-10-25T05:00"):
        moments.append(line.next(moments[-1], BERLIN))
    assert {after - before for before, after in pairwise(moments)} == {timedelta(minutes=30)}


def test_a_change_of_half_an_hour_is_a_change() -> None:
    spring, autumn = (
        ("2026-10-04T00:00", "2026-10-05T00:00"),
        ("2026-04-05T00:00", "2026-04-06T00:00"),
    )
    assert times("15 2 * * *", *spring, "Australia/Lord_Howe") == ["04. 02:30 +1100"]
    assert times("45 1 * * *", *autumn, "Australia/Lord_Howe") == ["05. 01:45 +1100"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Africa/Cairo", "America/New_York"])
def test_a_daily_line_comes_once_a_day_for_twenty_years(zone: str) -> None:
    days = times("30 2 * * *", "2026-01-01T00:00", "2046-01-01T00:00", zone)
    assert len(days) == (datetime(2046, 1, 1) - datetime(2026, 1, 1)).days


def test_its_own_times_are_known() -> None:
    line = read("30 2 * * *")
    assert line.comes_at(at("2026-03-29T03:00"), BERLIN)  # the night that skips 02:30
    assert line.comes_at(at("2026-10-25T02:30"), BERLIN)
    assert not line.comes_at(at("2026-10-25T02:30", fold=1), BERLIN)
    assert not line.comes_at(at("2026-06-01T02:31"), BERLIN)
    assert not line.comes_at(at("2026-06-01T02:30:00.5"), BERLIN)


def test_a_time_that_has_just_come_is_the_latest() -> None:
    tick = at("2026-06-01T02:30")
    latest = read("30 2 * * *").latest(tick, tick, BERLIN)
    assert (latest.tick, latest.skipped, latest.is_all) == (tick, 0, True)
    assert latest.following == at("2026-06-02T02:30")


def test_times_that_passed_are_counted() -> None:
    latest = read("@daily").latest(at("2026-06-01T00:00"), at("2026-06-04T12:00"), BERLIN)
    assert (latest.tick, latest.skipped) == (at("2026-06-04T00:00"), 3)
    assert latest.following == at("2026-06-05T00:00")


@pytest.mark.parametrize("line", ["* * * * *", "0 * * * *", "0 8-17/3 * * MON-FRI"])
def test_after_years_the_latest_is_found_without_counting(line: str) -> None:
    start, now = read(line).next(at("2006-01-02T00:00"), BERLIN), at("2026-10-25T12:34")
    latest = read(line).latest(start, now, BERLIN)
    assert (latest.skipped, latest.is_all) == (COUNTED, False)
    assert latest.tick <= now < latest.following
    assert read(line).next(latest.tick, BERLIN) == latest.following
