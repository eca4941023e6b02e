"""What an async step returns: a coroutine, that knows whether it was begun."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine

import pytest

from durable.errors import StepMisuseError
from durable.playback.call import StepCall


async def body() -> str:
    await asyncio.sleep(0)
    return "done"


def step() -> StepCall[str]:
    return StepCall("charge", body)


async def both(*awaitables: Coroutine[None, None, str]) -> list[str]:
    return list(await asyncio.gather(*awaitables))


def test_it_may_be_awaited_gathered_or_made_a_task() -> None:
    async def use() -> list[str]:
        task = asyncio.create_task(step())
        return [await step(), *await both(step(), step()), await task]

    assert asyncio.run(use()) == ["done"] * 4


def test_it_may_be_the_main_coroutine_of_a_loop() -> None:
    assert asyncio.run(step()) == "done"


def test_asyncio_takes_it_for_a_coroutine() -> None:
    made = step()
    assert asyncio.iscoroutine(made)
    assert inspect.isawaitable(made)
    made.close()


def test_nothing_is_begun_by_calling_it() -> None:
    assert step().is_begun is False


def test_awaiting_it_begins_it() -> None:
    made = step()
    asyncio.run(made)
    assert made.is_begun is True


def test_awaiting_it_again_is_refused_by_name() -> None:
    made = step()

    async def twice() -> None:
        await made
        await made

    with pytest.raises(StepMisuseError, match="charge was awaited twice"):
        asyncio.run(twice())


def test_it_may_be_closed_unbegun() -> None:
    made = step()
    made.close()
    assert made.is_begun is True


def test_it_may_be_cancelled_before_it_starts() -> None:
    async def use() -> bool:
        task = asyncio.create_task(step())
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(use()) is True
