"""The picture of a run: what is drawn where."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from durable.admin.waterfall import Bar, lanes
from durable.models import Attempt, Step

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def step(name: str, begin: float | None, end: float | None, **fields: Any) -> Step:
    status = fields.pop("status", "running" if end is None else "done")
    started = None if begin is None else at(begin)
    ended = None if end is None else at(end)
    return Step(
        pk=next(_numbers),
        key=name,
        name=name,
        status=status,
        started=started,
        ended=ended,
        op=fields.pop("op", "run"),
        **fields,
    )


_numbers = count(1)


def tried(key: str, number: int, begin: float, end: float) -> Attempt:
    return Attempt(key=key, name=key, number=number, started=at(begin), ended=at(end))


def seen(bars: list[Bar]) -> list[tuple[str, float, float]]:
    def seconds(moment: datetime) -> float:
        return (moment - BEGIN).total_seconds()

    return [(bar.kind, seconds(bar.begin), seconds(bar.end)) for bar in bars]


def drawn(*steps: Step, tries: tuple[Attempt, ...] = (), now: float = 10) -> Any:
    return {
        (lane.step.name if lane.kind == "step" else lane.kind): seen(lane.bars)
        for lane in lanes(steps, tries, at(now))
    }


def outline(*steps: Step) -> list[str]:
    return [
        "  " * lane.depth + (lane.step.name if lane.kind == "step" else lane.kind)
        for lane in lanes(steps, (), at(10))
    ]


def test_a_step_that_ran_in_place_is_one_bar() -> None:
    assert drawn(step("a", 1, 2)) == {"a": [("done", 1, 2)]}


def test_a_step_at_work_grows_until_now() -> None:
    assert drawn(step("a", 1, None)) == {"a": [("run", 1, 10)]}


def test_each_failed_try_is_a_bar_with_the_pause_behind_it() -> None:
    tries = (tried("a", 0, 1, 2), tried("a", 1, 4, 5))
    found = drawn(step("a", 8, 9, attempt=2), tries=tries)
    assert found["a"] == [
        ("failed", 1, 2),
        ("backoff", 2, 4),
        ("failed", 4, 5),
        ("backoff", 5, 8),
        ("done", 8, 9),
    ]


def test_a_step_that_failed_for_good_shows_its_last_try_once() -> None:
    found = drawn(step("a", 1, 2, status="failed"), tries=(tried("a", 0, 1, 2),))
    assert found["a"] == [("failed", 1, 2)]


def test_a_step_that_is_to_be_retried_rests_until_now() -> None:
    found = drawn(step("a", 1, None, status="retrying", attempt=1), tries=(tried("a", 0, 1, 2),))
    assert found["a"] == [("failed", 1, 2), ("backoff", 2, 10)]


def test_steps_of_a_wave_were_in_the_queue_since_its_first_began() -> None:
    found = drawn(
        step("a", 1, 3, mode="wait", wave=1, branch="0"),
        step("b", 2, 4, mode="wait", wave=1, branch="1"),
        step("c", None, None, mode="wait", wave=1, branch="2", status="pending"),
    )
    assert found["a"] == [("done", 1, 3)]
    assert found["b"] == [("queue", 1, 2), ("done", 2, 4)]
    assert found["c"] == [("queue", 1, 10)]
    assert found["group"] == [("group", 1, 10)]


@pytest.mark.parametrize("op", ["sleep", "wait", "invoke"])
def test_what_only_takes_time_is_a_bar_of_its_own_kind(op: str) -> None:
    assert drawn(step("a", 1, None, op=op, status="pending"))["a"] == [(op, 1, 10)]
    assert drawn(step("a", 1, 4, op=op))["a"] == [(op, 1, 4)]


def test_branches_of_one_step_each_are_listed_under_their_group() -> None:
    assert outline(
        step("first", 0, 1),
        step("a", 1, 2, branch="0", wave=1),
        step("b", 1, 2, branch="1", wave=1),
        step("last", 2, 3),
    ) == ["first", "group", "  a", "  b", "last"]


def test_longer_branches_keep_their_steps_together() -> None:
    assert outline(
        step("a1", 1, 2, branch="0", wave=1),
        step("b1", 1, 2, branch="1", wave=1),
        step("a2", 2, 3, branch="0", wave=2),
        step("b2", 2, 3, branch="1", wave=2),
    ) == ["group", "  branch", "    a1", "    a2", "  branch", "    b1", "    b2"]


def test_groups_within_branches_are_indented_further() -> None:
    assert outline(
        step("a", 1, 2, branch="0", wave=1),
        step("b", 1, 2, branch="1", wave=1),
        step("x", 2, 3, branch="0.0", wave=2),
        step("y", 2, 3, branch="0.1", wave=2),
    ) == [
        "group",
        "  branch",
        "    a",
        "    group",
        "      x",
        "      y",
        "  branch",
        "    b",
    ]


def test_a_branch_that_appears_later_is_of_the_next_group() -> None:
    assert (
        outline(
            step("a", 1, 2, branch="0", wave=1),
            step("b", 3, 4, branch="0", wave=2),
            step("c", 3, 4, branch="1", wave=2),
        )[0]
        == "group"
    )
    found = outline(
        step("a", 1, 2, branch="0", wave=1),
        step("b", 1, 2, branch="1", wave=1),
        step("c", 3, 4, branch="2", wave=2),
    )
    assert found == ["group", "  a", "  b", "group", "  c"]


def test_the_queue_begins_when_a_step_was_planned_and_not_when_its_wave_began() -> None:
    first = step("a", 1, 2, mode="wait", wave=1, branch="0", planned=at(1))
    late = step("b", 6, 7, mode="wait", wave=1, branch="1", planned=at(4))
    assert drawn(first, late)["b"] == [("queue", 4, 6), ("done", 6, 7)]


def test_groups_in_a_row_are_drawn_apart_though_their_branches_have_the_same_numbers() -> None:
    found = outline(
        step("a", 1, 2, mode="wait", wave=1, branch="0"),
        step("b", 1, 2, mode="wait", wave=1, branch="1"),
        step("c", 3, 4, mode="wait", wave=2, branch="0", group="1"),
        step("d", 3, 4, mode="wait", wave=2, branch="1", group="1"),
    )
    assert found == ["group", "  a", "  b", "group", "  c", "  d"]


def test_groups_in_a_row_within_a_branch_are_drawn_apart() -> None:
    found = outline(
        step("a", 1, 2, mode="wait", wave=1, branch="0.0"),
        step("b", 1, 2, mode="wait", wave=1, branch="0.1"),
        step("c", 3, 4, mode="wait", wave=2, branch="0.0", group="0.1"),
        step("d", 3, 4, mode="wait", wave=2, branch="0.1", group="0.1"),
    )
    assert found.count("  group") + found.count("    group") == 2
