"""Runs that have ended are counted, each once, whoever counts and however often."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
import time_machine

from durable import clock
from durable.models import EndTally, FailureTally, Rollup, RunStatus, RunTally, TimeTally
from durable.operations.fingerprint import fingerprint, normalized
from durable.operations.rollup import advance, bucket_of, seconds_of
from durable.store import get_store
from durable.store.rollups import Ended, Sums
from tests.integration import rows

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon(clock: ModuleType) -> Iterator[None]:
    with time_machine.travel(NOON, tick=False), clock.ruled(lambda: True):
        yield


def ended(ago: float, status: str = RunStatus.COMPLETED, took: float = 1.0, **fields: Any) -> None:
    at = NOON - timedelta(seconds=ago)
    rows.run(status, ended=at, started=at - timedelta(seconds=took), **fields)


def counted() -> dict[tuple[str, str], int]:
    tallies = RunTally.objects.order_by("minute")
    return {(f"{one.minute:%H:%M}", one.status): one.count for one in tallies}


def test_runs_are_counted_by_minute_and_status() -> None:
    for ago in (600, 630, 655):
        ended(ago)
    ended(600, RunStatus.FAILED)
    ended(600, function="other")
    advance(get_store())
    assert counted() == {
        ("11:49", "completed"): 2,
        ("11:50", "completed"): 2,
        ("11:50", "failed"): 1,
    }


def test_runs_of_a_function_are_counted_by_hour_and_status_across_looks() -> None:
    ended(600)
    ended(4000)
    ended(4000, function="other")
    advance(get_store())
    ended(30)
    ended(30, RunStatus.FAILED)
    clock.travel(timedelta(minutes=3))
    advance(get_store())
    tallies = EndTally.objects.all()
    assert {(f"{one.hour:%H}", one.function, one.status): one.count for one in tallies} == {
        ("10", "shop", "completed"): 1,
        ("10", "other", "completed"): 1,
        ("11", "shop", "completed"): 2,
        ("11", "shop", "failed"): 1,
    }


def test_what_has_only_just_ended_waits_until_all_of_its_minute_is_committed() -> None:
    ended(90)
    advance(get_store())
    assert counted() == {}
    clock.travel(timedelta(minutes=2))
    advance(get_store())
    assert counted() == {("11:58", "completed"): 1}


def test_looking_again_counts_nothing_twice() -> None:
    ended(600)
    advance(get_store())
    for _ in range(3):
        clock.travel(timedelta(minutes=1))
        advance(get_store())
    assert sum(counted().values()) == 1


def test_only_one_of_all_workers_looks_twice_a_minute() -> None:
    advance(get_store())
    ended(600)
    assert advance(get_store()) == 0
    assert not get_store().rollups.take(30.0, timedelta(days=1))


def test_of_two_who_count_the_same_stretch_one_counts() -> None:
    store = get_store()
    advance(store)
    until = Rollup.objects.get().until
    sums = Sums(runs={(until, "completed"): 5})
    later = until + timedelta(minutes=1)
    assert [store.rollups.add(until, later, sums) for _ in range(2)] == [True, False]
    assert sum(counted().values()) == 5


def test_what_ended_while_nobody_counted_is_made_up_for() -> None:
    ended(7200)
    advance(get_store())
    clock.travel(timedelta(hours=23))
    rows.run(ended=NOON + timedelta(hours=3))
    rows.run(ended=NOON + timedelta(hours=20))
    advance(get_store())
    assert sorted(counted()) == [
        ("08:00", "completed"),
        ("10:00", "completed"),
        ("15:00", "completed"),
    ]


def test_durations_of_an_hour_add_up_across_looks() -> None:
    ended(600, took=1.0)
    advance(get_store())
    ended(30, took=1.0)
    ended(30, took=40.0)
    clock.travel(timedelta(minutes=3))
    advance(get_store())
    found = {round(seconds_of(one.bucket)): one.count for one in TimeTally.objects.all()}
    assert found == {1: 2, 42: 1}


@pytest.mark.parametrize("took", [0.0, 0.0004, 0.017, 1.0, 90.0, 86_400.0])
def test_a_duration_is_known_to_nine_percent(took: float) -> None:
    run = Ended("shop", "completed", NOON, NOON + timedelta(seconds=took))
    assert abs(seconds_of(bucket_of(run)) - took) <= max(0.092 * took, 0.0012)


def test_failures_that_are_alike_are_one_group() -> None:
    for number in range(3):
        error = {"name": "ValueError", "message": f"order {number} of 'x{number}'", "stack": ""}
        ended(600 + number, RunStatus.FAILED, error=json.dumps({"code": "unknown", **error}))
    ended(600, RunStatus.FAILED)
    advance(get_store())
    groups = {(one.name, one.message): one.count for one in FailureTally.objects.all()}
    assert groups == {("ValueError", "order … of …"): 3, ("TimeoutError", "too slow"): 1}


def test_a_group_links_to_its_last_run() -> None:
    ended(700, RunStatus.FAILED)
    last = rows.run(RunStatus.FAILED, ended=NOON - timedelta(seconds=650))
    advance(get_store())
    assert FailureTally.objects.get().run == last.pk


def test_old_sums_go() -> None:
    long_ago = NOON - timedelta(days=100)
    RunTally.objects.create(minute=long_ago, status="failed", count=1)
    EndTally.objects.create(hour=long_ago, function="shop", status="failed", count=1)
    TimeTally.objects.create(hour=long_ago, function="shop", bucket=1, count=1)
    advance(get_store())
    assert not RunTally.objects.exists()
    assert not EndTally.objects.exists()
    assert not TimeTally.objects.exists()


def test_place_is_the_last_line_of_the_users_own_code() -> None:
    stack = (
        'Traceback (most recent call last):\n  File "/srv/shop/flows.py", line 3, in pay\n'
        '  File "/srv/shop/bank.py", line 9, in charge\nValueError: no\n'
    )
    one = fingerprint({"name": "ValueError", "message": "no", "stack": stack})
    moved = fingerprint({"name": "ValueError", "message": "no", "stack": stack.replace("9", "12")})
    assert (one.place, one.digest) == ("shop/bank.py charge", moved.digest)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("HTTP 503 from 10.0.0.7:8080", "HTTP … from …"),
        ("no user anna@example.org", "no user …"),
        ("run 01a1ff59-af04-79e3-b655-04a8c4b4971b is gone", "run … is gone"),
        ("KeyError: 'a\"b'", "KeyError: …"),
        ("<object at 0x7f292a7763d0>", "<object at …>"),
        ("first line\nsecond 2", "first line"),
        ("", ""),
    ],
)
def test_what_varies_in_a_message_is_left_out(message: str, expected: str) -> None:
    assert normalized(message) == expected
