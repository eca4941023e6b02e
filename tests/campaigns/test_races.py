"""X: the races whole, and the longest of them as far as time allows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest

from durable.models import Run
from durable.store import get_store
from tests.campaigns.interleave import Race, explore
from tests.campaigns.races import RACES
from tests.campaigns.stage import staged, theatre
from tests.campaigns.truth import UntrueError
from tests.integration.store import kit

pytestmark = [pytest.mark.timeout(120), pytest.mark.postgres, pytest.mark.mariadb]

LONG = (
    *("X2 two workers", "X6 cancel, complete, flush", "X10 child and time-out"),
    *("X10 prune and replay", "X10 prune and resend"),
)
MOST = 25


@pytest.mark.parametrize("name", [name for name in RACES if name not in LONG])
def test_every_order_of_a_race_ends_well(name: str) -> None:
    with theatre(), staged():
        assert explore(RACES[name]).is_whole


@pytest.mark.parametrize("name", LONG)
def test_some_orders_of_a_long_race_end_well(name: str) -> None:
    with theatre(), staged():
        explore(RACES[name], MOST)


def test_a_change_that_is_lost_is_found() -> None:
    """Of the orders of two who read and then write, those are played that matter."""

    def begin() -> Sequence[Any]:
        Run.objects.all().delete()
        run = kit.claimed(get_store())
        Run.objects.update(crashes=0)
        return [partial(count_up, run.id)] * 2

    def count_up(pk: Any) -> None:
        run = Run.objects.get(pk=pk)
        Run.objects.filter(pk=pk).update(crashes=run.crashes + 1)

    def check(results: Sequence[Any]) -> None:
        assert Run.objects.get().crashes == 2, "lost"

    with theatre(), staged(), pytest.raises(UntrueError, match="lost"):
        explore(Race(name="toy", begin=begin, check=check))


def test_an_order_that_ends_badly_is_told() -> None:
    seen: list[int] = []

    def check(results: Sequence[Any]) -> None:
        assert seen[-2:] != [1, 0], "the second was first"

    def act(number: int) -> None:
        Run.objects.update(wake=number)
        seen.append(number)

    race = Race(name="toy", begin=lambda: [lambda: act(0), lambda: act(1)], check=check)
    with theatre(), pytest.raises(UntrueError, match=r"toy, order \[.*\]:\nthe second was first"):
        explore(race)
