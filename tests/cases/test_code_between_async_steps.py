"""Code between async steps that takes its time, or fails now and then."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

import durable
from durable import ParallelMode
from durable.playback.idle import Patience
from tests.harness import Handler, Player, asay, journal, note, say

ELSEWHERE = ThreadPoolExecutor(max_workers=1)


async def timer() -> None:
    await asyncio.sleep(0.02)


async def thread() -> None:
    await asyncio.to_thread(note, "thread")


async def pipe() -> None:
    near, far = socket.socketpair()
    with near, far:
        near.setblocking(False)
        asyncio.get_running_loop().call_later(0.01, far.send, b"x")
        await asyncio.get_running_loop().sock_recv(near, 1)


async def unknown_thread() -> None:
    """Let a thread of which the loop knows nothing wake it."""
    await asyncio.wrap_future(ELSEWHERE.submit(note, "thread"))


def slow_on_replay(wait: Callable[[], Awaitable[None]]) -> Handler:
    async def handler(ctx: durable.Context) -> list[str]:
        note("call")

        async def right() -> str:
            if journal.count("call") > 1:
                await wait()
            return await ctx.step.run("right", asay, "right")

        return list(await asyncio.gather(ctx.step.run("left", asay, "left"), right()))

    return handler


async def removed_while_a_clock_ticks(ctx: durable.Context) -> None:
    note("call")

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    name = "old" if journal.count("call") == 1 else "new"
    await asyncio.gather(ctx.step.run(name, asay, name), ctx.step.run("other", asay, "other"))
    ticking.cancel()


async def fails_before_awaiting(ctx: durable.Context) -> list[str]:
    def price() -> str:
        note("price")
        if journal.count("price") == 1:
            raise ConnectionError("the price list does not answer")
        return "price"

    first = ctx.step.run("first", say, "first")
    return list(await asyncio.gather(first, ctx.step.run("second", say, price())))


async def fails_in_a_task(ctx: durable.Context) -> str:
    async def branch() -> str:
        note("branch")
        await asyncio.sleep(0)
        if journal.count("branch") == 1:
            raise ConnectionError("try again")
        return await ctx.step.run("second", asay, "second")

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(ctx.step.run("first", asay, "first"))
        second = tasks.create_task(branch())
    return f"{first.result()} {second.result()}"


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("wait", [timer, thread, pipe, unknown_thread])
def test_a_planned_step_may_be_reached_late(
    player: Player, wait: Callable[[], Awaitable[None]], mode: ParallelMode, strict: bool
) -> None:
    run = player.play(slow_on_replay(wait), parallel_mode=mode, strict=strict)
    assert run.failure is None
    assert run.result == ["left", "right"]


def test_a_planned_step_is_not_awaited_for_ever(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Patience, "BUSY", 0.05)
    run = player.play(removed_while_a_clock_ticks, strict=True)
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"


@pytest.mark.parametrize("strict", [True, False])
def test_an_error_in_front_of_an_await_is_tried_again(player: Player, strict: bool) -> None:
    run = player.play(fails_before_awaiting, strict=strict)
    assert run.failure is None
    assert run.result == ["first", "price"]


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [True, False])
def test_an_error_in_a_task_is_tried_again(
    player: Player, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(fails_in_a_task, parallel_mode=mode, strict=strict)
    assert run.failure is None
    assert run.result == "first second"
