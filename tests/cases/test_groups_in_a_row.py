"""Groups one after the other: their steps say of which they are, so that people can tell them apart."""

from __future__ import annotations

from functools import partial
from typing import Any

import durable
from tests.harness import Player, asay, say, sync_and_async


def rows(ctx: durable.ContextSync) -> Any:
    for line in "xy":
        ctx.group.parallel(
            tuple(partial(ctx.step.run, f"{line}{n}", say, f"{line}{n}") for n in range(2))
        )


async def arows(ctx: durable.Context) -> Any:
    for line in "xy":
        await ctx.group.parallel(
            tuple(partial(ctx.step.run, f"{line}{n}", asay, f"{line}{n}") for n in range(2))
        )


@sync_and_async(rows, arows)
def test_steps_say_in_which_group_of_several_in_a_row_they_stand(
    player: Player, handler: Any
) -> None:
    run = player.play(handler)
    found = {step.name: (step.branch, step.group) for step in run.steps.all()}
    assert found == {"x0": ("0", None), "x1": ("1", None), "y0": ("0", "1"), "y1": ("1", "1")}


def test_groups_within_a_branch_count_for_themselves(player: Player) -> None:
    def nested(ctx: durable.ContextSync) -> Any:
        def inner() -> Any:
            for line in "pq":
                ctx.group.parallel(
                    tuple(partial(ctx.step.run, f"{line}{n}", say, f"{line}{n}") for n in range(2))
                )

        ctx.group.parallel((inner, lambda: ctx.step.run("z", say, "z")))

    run = player.play(nested)
    found = {step.name: (step.branch, step.group) for step in run.steps.all()}
    assert found["p0"] == ("0.0", None)
    assert found["q1"] == ("0.1", "0.1")
    assert found["z"] == ("1", None)


def test_a_planned_step_says_when_it_was_planned_and_one_in_place_does_not(player: Player) -> None:
    def both(ctx: durable.ContextSync) -> Any:
        ctx.step.run("alone", say, "alone")
        ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in "ab"))

    steps = {step.name: step for step in player.play(both).steps.all()}
    assert steps["alone"].planned is None
    assert steps["a"].planned is not None
    assert steps["a"].started is not None
    assert steps["a"].planned <= steps["a"].started
