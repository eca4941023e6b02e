"""The clocks, as tests move them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import ModuleType

from freezegun import freeze_time

from durable import clock as durable_clock

NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
TICK = timedelta(milliseconds=1)


def test_the_database_keeps_its_own_time() -> None:
    assert durable_clock.reference() == timedelta()


def test_the_database_is_moved_as_far_as_the_process(clock: ModuleType) -> None:
    clock.travel(timedelta(days=1))
    assert clock.reference() == timedelta(days=1)


def test_clocks_move_by_whole_milliseconds_never_by_less_than_asked(clock: ModuleType) -> None:
    clock.travel(timedelta(microseconds=1001))
    assert clock.reference() == timedelta(milliseconds=2)


def test_the_database_takes_the_time_of_a_process_that_rules() -> None:
    with freeze_time(NEW_YEAR), durable_clock.ruled(lambda: True):
        assert durable_clock.reference() == NEW_YEAR + TICK


def test_a_process_rules_once_it_has_travelled() -> None:
    with freeze_time(NEW_YEAR), durable_clock.ruled(lambda: False):
        assert durable_clock.reference() == timedelta()
        durable_clock.travel(timedelta(hours=1))
        assert durable_clock.reference() == NEW_YEAR + timedelta(hours=1) + TICK


def test_the_clocks_are_put_back() -> None:
    with durable_clock.ruled(lambda: True):
        durable_clock.travel(timedelta(days=1))
    assert durable_clock.reference() == timedelta()
