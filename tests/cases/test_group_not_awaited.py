"""A group of an async function that nobody awaits fails its run, as a step does."""

from __future__ import annotations

from typing import Any

import pytest

import durable
from tests.harness import Player, journal, say


async def parallel(ctx: durable.Context) -> str:
    ctx.group.parallel((lambda: ctx.step.run("a", say, "a"),))
    return "done"


async def race(ctx: durable.Context) -> str:
    ctx.group.race((lambda: ctx.step.run("a", say, "a"),))
    return "done"


async def many(ctx: durable.Context) -> str:
    ctx.group.map("m", say, ["a"])
    return "done"


@pytest.mark.parametrize(
    ("handler", "title"),
    [(parallel, "group.parallel"), (race, "group.race"), (many, "group.map 'm'")],
)
@pytest.mark.parametrize("strict", [False, True])
def test_the_run_fails_and_names_it(player: Player, handler: Any, title: str, strict: bool) -> None:
    run = player.play(handler, strict=strict)
    assert run.failure is not None
    assert run.failure["code"] == "step_not_awaited"
    assert run.failure["message"].startswith(f"{title} was called but never awaited")
    assert journal == []
