"""The parallel mode of a group: its own, else the function's, the client's, the setting's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

import durable
from durable import ParallelMode
from tests.harness import EVENT, Handler, Player, say, sync_and_async

WAIT, RACE = ParallelMode.WAIT, ParallelMode.RACE
Modes = tuple[ParallelMode | None, ParallelMode | None, ParallelMode | None, str]
group_mode: list[ParallelMode | None] = []


def group(ctx: durable.ContextSync) -> None:
    ctx.group.parallel((lambda: ctx.step.run("step", say, "step"),), *group_mode)


async def group_async(ctx: durable.Context) -> None:
    await ctx.group.parallel((lambda: ctx.step.run("step", say, "step"),), *group_mode)


def mode_of(player: Player, handler: Handler, modes: Modes) -> str:
    """Play a group in strict mode, where every step of one is planned, and return its step's mode."""
    group_mode[:] = [modes[0]]
    client = durable.Client(parallel_mode=modes[2])
    with override_settings(DURABLE={"PARALLEL_MODE": modes[3]}):
        trigger = durable.TriggerEvent(event=EVENT)
        options: dict[str, Any] = {"strict": True, "parallel_mode": modes[1]}
        client.create_function(fn_id="case", trigger=trigger, **options)(handler)
        run = player.settle(player.send())
    return run.steps.get().mode


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ((None, None, None, "wait"), "wait"),
        ((None, None, None, "race"), "race"),
        ((None, None, WAIT, "race"), "wait"),
        ((None, WAIT, RACE, "race"), "wait"),
        ((None, RACE, WAIT, "wait"), "race"),
        ((WAIT, RACE, RACE, "race"), "wait"),
        ((RACE, WAIT, WAIT, "wait"), "race"),
    ],
)
@sync_and_async(group, group_async)
def test_the_nearest_wins(player: Player, handler: Handler, modes: Modes, expected: str) -> None:
    assert mode_of(player, handler, modes) == expected


def test_a_group_within_a_group_has_the_mode_of_the_outer_one(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> None:
        def branch() -> None:
            ctx.group.parallel((lambda: ctx.step.run("inner", say, "inner"),))

        ctx.group.parallel((branch,), RACE)

    run = player.play(handler)
    assert run.steps.get().mode == "race"
