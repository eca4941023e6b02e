"""What was told is known again from the text of a position, and junk is the beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from durable.rest.stream_position import Position

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(**seconds: float) -> dict[int, datetime]:
    return {int(step[1:]): NOON + timedelta(seconds=s) for step, s in seconds.items()}


def test_a_mark_is_read_as_it_was_written() -> None:
    position = Position().after(at(_5=0, _7=1, _40=2), is_over=True)
    assert Position.read(str(position)) == position
    assert position.later == {5, 7, 40}


def test_steps_that_ended_long_before_the_last_are_not_listed() -> None:
    position = Position().after(at(_5=0, _7=59, _9=61), is_over=False)
    assert position.later == {7, 9}
    assert NOON < position.until < NOON + timedelta(seconds=1)


def test_a_mark_does_not_go_back() -> None:
    later = Position().after(at(_9=100), is_over=False)
    assert later.after({}, is_over=False).until == later.until
    assert later.after(at(_9=100, _8=50), is_over=False).until == later.until


def test_a_mark_stays_short_enough_for_a_header() -> None:
    ended = {n: NOON + timedelta(milliseconds=n) for n in range(10**9, 10**9 + 5000)}
    ended = {n: NOON + timedelta(milliseconds=n - 10**9) for n in ended}
    position = Position().after(ended, is_over=False)
    assert len(position.later) == 1000
    assert len(str(position)) < 4000
    assert Position.read(str(position)) == position


@pytest.mark.parametrize("text", ["", "x", "::", "1:zz!:", "9" * 400, "1:,,,:", "-1:5:", "é:é:é"])
def test_junk_is_the_beginning_or_a_mark(text: str) -> None:
    position = Position.read(text)
    assert Position.read(str(position)) == position
