"""Steps of one group are tried again each at its own time; none waits for another's delay."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, journal, note, sync_and_async


def busy(mark: str, after: timedelta) -> str:
    note(mark)
    if journal.count(mark) == 1:
        raise durable.RetryAfterError("busy", after)
    return mark


def soon_and_late(ctx: durable.ContextSync) -> list[str]:
    return list(
        ctx.group.parallel(
            (
                lambda: ctx.step.run("soon", busy, "soon", timedelta(seconds=5)),
                lambda: ctx.step.run("late", busy, "late", timedelta(hours=5)),
            )
        )
    )


async def soon_and_late_async(ctx: durable.Context) -> list[str]:
    return list(
        await asyncio.gather(
            ctx.step.run("soon", busy, "soon", timedelta(seconds=5)),
            ctx.step.run("late", busy, "late", timedelta(hours=5)),
        )
    )


@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(soon_and_late, soon_and_late_async)
def test_the_sooner_one_does_not_wait_for_the_later(
    player: Player, handler: Handler, mode: ParallelMode
) -> None:
    player.define(handler, parallel_mode=mode)
    run = player.send()
    player.work()
    player.jump()
    player.work()
    assert journal.count("soon") == 2
    assert journal.count("late") == 1
    assert player.settle(run).result == ["soon", "late"]


@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(soon_and_late, soon_and_late_async)
def test_the_later_one_is_not_tried_before_its_time(
    player: Player, handler: Handler, mode: ParallelMode
) -> None:
    player.define(handler, parallel_mode=mode)
    player.send()
    player.work()
    player.jump()
    player.work()
    wait = player.store.due(1).next_in
    assert wait is not None
    assert wait > 4 * 3600
