"""In WAIT the steps beside a failed one are finished first, also where a branch holds a race."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import durable
from tests.harness import Player, journal, say, steps_of

HOUR = timedelta(hours=1)


def fail() -> None:
    raise durable.NonRetriableError("no luck")


def beside_a_race(ctx: durable.ContextSync) -> list[Any]:
    def slow() -> str:
        ctx.step.sleep("slow", 5 * HOUR)
        return "slow"

    def race() -> Any:
        return ctx.group.race(
            (lambda: ctx.step.sleep("long", 9 * HOUR), lambda: ctx.step.sleep("short", HOUR))
        )

    try:
        return list(ctx.group.parallel((race, slow, lambda: ctx.step.run("fails", fail))))
    except durable.StepError as error:
        return [error.message, ctx.step.run("after", say, "after")]


@pytest.mark.parametrize("strict", [False, True])
def test_the_others_are_finished_first(player: Player, strict: bool) -> None:
    run = player.play(beside_a_race, strict=strict)
    assert (run.result, journal) == (["no luck", "after"], ["after"])
    assert steps_of(run)["slow"] == "done"
