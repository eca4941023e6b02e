"""RACE in a sync function, by two workers: a fast branch does not wait for a slow one."""

from __future__ import annotations

import threading

import pytest

import durable
from durable import ParallelMode
from tests.harness import Player, journal, say

pytestmark = pytest.mark.django_db(transaction=True)


def race(ctx: durable.ContextSync) -> None:
    ctx.group.parallel(
        (
            lambda: (ctx.step.run("a", say, "a"), ctx.step.run("b", b)),
            lambda: (ctx.step.run("x", x), ctx.step.run("y", say, "y")),
        ),
        ParallelMode.RACE,
    )


fast_is_done = threading.Event()


def b() -> str:
    say("b")
    fast_is_done.set()
    return "b"


def x() -> str:
    assert fast_is_done.wait(10), "the fast branch waits for the slow one"
    return say("x")


def test_the_fast_branch_ends_while_the_slow_one_is_in_its_first_step(player: Player) -> None:
    fast_is_done.clear()
    player.define(race, retries=0)
    run = player.settle_with(2, player.send())
    assert run.failure is None
    assert journal == ["a", "b", "x", "y"]
