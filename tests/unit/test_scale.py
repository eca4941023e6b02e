"""From times to places: even where there was work, and cut where nothing happened for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from durable.admin.scale import Scale
from durable.admin.waterfall import Bar

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
DAY = 86_400.0


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def bar(begin: float, end: float, kind: str = "done") -> Bar:
    return Bar(kind, at(begin), at(end))


def test_a_scale_puts_times_on_the_picture_and_keeps_them_there() -> None:
    scale = Scale.of(at(0), at(8))
    assert scale.boxes([bar(2, 4)]) == [(25.0, 25.0)]
    assert scale.boxes([bar(-2, 40)]) == [(0.0, 100.0)]


@pytest.mark.parametrize("kind", ["done", "failed", "run", "cancelled", "group", "completed"])
def test_what_took_no_time_is_wide_enough_to_be_seen(kind: str) -> None:
    assert Scale.of(at(0), at(100)).boxes([bar(50, 50, kind)]) == [(50.0, 0.4)]


@pytest.mark.parametrize("kind", ["queue", "backoff", "sleep", "wait", "invoke"])
def test_a_pause_is_as_wide_as_it_was_long(kind: str) -> None:
    assert Scale.of(at(0), at(100)).boxes([bar(50, 50, kind)]) == [(50.0, 0.0)]


def test_nothing_sticks_out_of_the_picture() -> None:
    assert Scale.of(at(0), at(100)).boxes([bar(0, 0), bar(100, 100)]) == [(0.0, 0.4), (99.6, 0.4)]


@pytest.mark.parametrize(
    ("bars", "places"),
    [
        ([bar(0, 0), bar(0, 0), bar(0, 0)], [(0.0, 0.4), (0.4, 0.4), (0.8, 0.4)]),
        ([bar(99, 100), bar(100, 100), bar(100, 100)], [(98.8, 0.4), (99.2, 0.4), (99.6, 0.4)]),
        ([bar(10, 10), bar(10, 60)], [(10.0, 0.4), (10.4, 49.6)]),
        ([bar(50, 100), bar(100, 100)], [(50.0, 49.6), (99.6, 0.4)]),
    ],
    ids=["at the left", "at the right", "before a long one", "after a long one"],
)
def test_tries_that_took_no_time_lie_beside_each_other(
    bars: list[Bar], places: list[tuple[float, float]]
) -> None:
    assert Scale.of(at(0), at(100)).boxes(bars) == places


@pytest.mark.parametrize(
    ("seconds", "ticks"),
    [
        (0.0, [0.0, 0.001]),
        (10.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (100.0, [0.0, 30.0, 60.0, 90.0]),
        (7 * DAY, [0.0, 172_800.0, 345_600.0, 518_400.0]),
    ],
)
def test_ticks_are_at_round_times(seconds: float, ticks: list[float]) -> None:
    found = [tick.seconds for tick in Scale.of(at(0), at(seconds)).ticks()]
    assert found[: len(ticks)] == pytest.approx(ticks)
    assert len(found) <= 8


def test_a_month_of_sleep_leaves_the_steps_around_it_wide() -> None:
    steps = [bar(0, 2), bar(30 * DAY, 30 * DAY + 2)]
    scale = Scale.of(at(0), at(30 * DAY + 2), [*steps, bar(2, 30 * DAY, "sleep")])
    (cut,) = scale.cuts
    assert (cut.begin, cut.end) == (at(2), at(30 * DAY))
    assert cut.width == pytest.approx(9.0)
    assert [width for _, width in scale.boxes(steps)] == pytest.approx([45.5, 45.5])


def test_ticks_count_anew_after_a_cut_and_never_stand_upon_it() -> None:
    steps = [bar(0, 3), bar(30 * DAY, 30 * DAY + 3)]
    ticks = Scale.of(at(0), at(30 * DAY + 3), steps).ticks()
    assert [tick.seconds for tick in ticks if not tick.is_after_cut] == [0, 1, 2]
    assert [tick.seconds for tick in ticks if tick.is_after_cut] == [1, 2, 3]


@pytest.mark.parametrize(
    "bars",
    [
        [],
        [bar(0, 40), bar(100, 130)],
        [bar(0, 1), bar(50, 51)],
        [bar(0, 2 * DAY, "sleep")],
    ],
    ids=["no bars", "much work", "short pauses", "only sleep"],
)
def test_a_picture_that_can_be_read_is_not_cut(bars: list[Bar]) -> None:
    assert Scale.of(at(0), max((one.end for one in bars), default=at(1)), bars).cuts == []


def test_many_sleeps_leave_more_than_half_of_the_width_to_work() -> None:
    steps = [bar(n * DAY, n * DAY + 10) for n in range(20)]
    scale = Scale.of(at(0), at(19 * DAY + 10), steps)
    assert len(scale.cuts) == 8
    assert sum(cut.width for cut in scale.cuts) == pytest.approx(45.0)
    assert scale.pieces[-1].right == pytest.approx(100.0)


def test_every_moment_keeps_its_order() -> None:
    steps = [bar(DAY, DAY + 1), bar(3 * DAY, 3 * DAY + 1)]
    scale = Scale.of(at(0), at(4 * DAY), steps)
    moments = [0, DAY / 2, DAY, DAY + 0.5, DAY + 1, 2 * DAY, 3 * DAY, 3 * DAY + 1, 4 * DAY]
    places = [scale.x(at(moment)) for moment in moments]
    assert places == sorted(places)
    assert len(set(places)) == len(places)
