"""The lane of the run itself: where it worked, and where it only rested."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from durable.admin.run_lane import bars_of_run, rests
from durable.admin.scale import Scale
from durable.admin.waterfall import Bar
from durable.models import Run

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def bar(kind: str, begin: float, end: float) -> Bar:
    return Bar(kind, at(begin), at(end))


def seen(bars: list[Bar]) -> list[tuple[str, float, float]]:
    return [
        (one.kind, (one.begin - BEGIN).total_seconds(), (one.end - BEGIN).total_seconds())
        for one in bars
    ]


def lane(*steps: Bar, status: str = "completed") -> list[tuple[str, float, float]]:
    ended = None if status == "waiting" else at(50)
    run = Run(status=status, started=at(2), ended=ended)
    return seen(bars_of_run(run, steps, Scale.of(at(0), at(50)), at(50)))


def test_a_run_that_never_rested_is_one_bar_behind_its_queue() -> None:
    assert lane(bar("done", 3, 9)) == [("queue", 0, 2), ("completed", 2, 50)]


@pytest.mark.parametrize("kind", ["sleep", "wait", "invoke", "backoff", "queue"])
def test_while_its_only_step_rests_the_run_rests(kind: str) -> None:
    found = lane(bar("done", 3, 9), bar(kind, 10, 40), bar("done", 40, 49))
    assert found == [("queue", 0, 2), ("completed", 2, 10), (kind, 10, 40), ("completed", 40, 50)]


def test_a_run_that_rests_now_does_not_end_with_work() -> None:
    found = lane(bar("done", 3, 9), bar("wait", 9, 50), status="waiting")
    assert found == [("queue", 0, 2), ("running", 2, 9), ("wait", 9, 50)]


def test_a_run_that_ended_while_it_rested_shows_how() -> None:
    found = lane(bar("sleep", 3, 50), status="cancelled")
    assert found[-2:] == [("sleep", 3, 50), ("cancelled", 50, 50)]


def test_a_rest_that_could_not_be_seen_does_not_cut_the_bar() -> None:
    assert lane(bar("queue", 9, 9.3)) == [("queue", 0, 2), ("completed", 2, 50)]


def test_nobody_rests_while_a_step_is_at_work() -> None:
    assert seen(rests([bar("sleep", 0, 10), bar("done", 4, 6), bar("child", 8, 12)])) == [
        ("sleep", 0, 4),
        ("sleep", 6, 8),
    ]


def test_what_keeps_a_run_waiting_goes_before_what_takes_its_time() -> None:
    assert seen(rests([bar("sleep", 0, 10), bar("backoff", 4, 6), bar("queue", 5, 6)])) == [
        ("sleep", 0, 4),
        ("backoff", 4, 5),
        ("queue", 5, 6),
        ("sleep", 6, 10),
    ]
