"""`step.run(retries=)`: a step's own number of tries."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import durable
from durable.models import Attempt
from tests.harness import Player, journal, stumble, sync_and_async


def alone(ctx: durable.ContextSync, retries: int) -> str:
    return ctx.step.run("a", stumble, "a", 2, retries=retries)


async def alone_async(ctx: durable.Context, retries: int) -> str:
    return await ctx.step.run("a", stumble, "a", 2, retries=retries)


def together(ctx: durable.ContextSync, retries: int) -> list[str]:
    branch = partial(ctx.step.run, "a", stumble, "a", 2, retries=retries)
    return list(ctx.group.parallel((branch,)))


BOTH = sync_and_async(alone, alone_async)


@BOTH
def test_a_step_has_more_tries_than_its_function(player: Player, handler: Any) -> None:
    run = player.play(partial(handler, retries=2), retries=0)
    assert (run.result, len(journal)) == ("a", 3)


@BOTH
def test_a_step_has_fewer_tries_than_its_function(player: Player, handler: Any) -> None:
    run = player.play(partial(handler, retries=1), retries=5)
    assert (run.status, len(journal)) == ("failed", 2)


@pytest.mark.parametrize(("retries", "status"), [(1, "failed"), (2, "completed")])
def test_a_planned_step_has_its_own_tries(player: Player, retries: int, status: str) -> None:
    run = player.play(partial(together, retries=retries), retries=0, strict=True)
    assert (run.status, len(journal)) == (status, retries + 1)


@pytest.mark.parametrize("handler", [alone, together])
def test_a_failed_try_tells_how_many_there_may_be(player: Player, handler: Any) -> None:
    run = player.play(partial(handler, retries=9), retries=0, strict=True)
    told = Attempt.objects.filter(run=run.pk).values_list("number", "retries")
    assert list(told.order_by("pk")) == [(0, 9), (1, 9)]


@pytest.mark.parametrize("wrong", [-1, 21, "3", True, 1.5])
def test_a_wrong_number_is_named(player: Player, wrong: Any) -> None:
    run = player.play(partial(alone, retries=wrong))
    assert run.failure is not None
    assert "retries must be from 0 to 20" in run.failure["message"]
