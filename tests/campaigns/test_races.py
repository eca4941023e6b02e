"""X: the small races whole; the large ones as far as time allows. `make campaign` plays all to their ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from durable.models import Run
from tests.campaigns.interleave import Race, explore
from tests.campaigns.races import RACES
from tests.campaigns.stage import staged, theatre
from tests.campaigns.truth import UntrueError

pytestmark = [pytest.mark.timeout(120), pytest.mark.postgres]

WHOLE = ("X3 record and rescue", "X4 join, WAIT", "X5 cancel and record", "X7 one event twice")
IN_PART = ("X1 wait and event", "X9 racer and planner")
MOST = 25


@pytest.mark.parametrize("name", WHOLE)
def test_every_order_of_a_race_ends_well(name: str) -> None:
    with theatre(), staged():
        assert explore(RACES[name]).is_whole


@pytest.mark.parametrize("name", IN_PART)
def test_some_orders_of_a_race_end_well(name: str) -> None:
    with theatre(), staged():
        explore(RACES[name], MOST)


def test_an_order_that_ends_badly_is_told() -> None:
    seen: list[int] = []

    def check(results: Sequence[Any]) -> None:
        assert seen[-2:] != [1, 0], "the second was first"

    def act(number: int) -> None:
        Run.objects.count()
        seen.append(number)

    race = Race(name="toy", begin=lambda: [lambda: act(0), lambda: act(1)], check=check)
    with pytest.raises(UntrueError, match=r"toy, order \[.*\]:\nthe second was first"):
        explore(race)
