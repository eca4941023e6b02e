"""A step called from a thread the author started: refused with an error that says so."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

import durable
from tests.harness import Handler, Player, journal, say


def in_a_pool(ctx: durable.ContextSync) -> str:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: ctx.step.run("stray", say, "stray")).result()


def in_a_pool_with_the_context(ctx: durable.ContextSync) -> str:
    context = copy_context()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(
            lambda: context.run(lambda: ctx.step.run("stray", say, "stray"))
        ).result()


async def in_another_loop(ctx: durable.Context) -> str:
    def run() -> str:
        return asyncio.run(ctx.step.run("stray", say, "stray"))

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


@pytest.mark.parametrize("handler", [in_a_pool, in_a_pool_with_the_context, in_another_loop])
def test_the_run_fails_and_says_where_steps_may_be_called(player: Player, handler: Handler) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "step_outside_run"
    assert "Step 'stray' was called outside of its run" in run.failure["message"]
    assert journal == []
