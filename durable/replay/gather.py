"""Parallel groups in async functions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from typing import Any

from durable.errors import StepMisuseError
from durable.replay.cursor import CURSOR
from durable.replay.request import ParallelMode
from durable.replay.tape import Tape


async def gather(
    tape: Tape, branches: Sequence[Callable[[], Awaitable[Any]]], mode: ParallelMode
) -> tuple[Any, ...]:
    """Await all branches at the same time; return their results in order.

    The first error, in the order of the branches, is raised when the others have been told to end.
    """
    parent = tape.cursor("group.parallel")
    loop = asyncio.get_running_loop()
    tasks = []
    for number, branch in enumerate(branches):
        cursor = parent.fork(str(number), parent.intent, mode)
        parent.branches[str(number)] = cursor
        context = copy_context()
        context.run(CURSOR.set, cursor)
        tasks.append(asyncio.Task(_call(branch), loop=loop, context=context))
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tuple(task.result() for task in sorted(tasks, key=_errors_first))


async def _call(branch: Callable[[], Awaitable[Any]]) -> Any:
    awaitable = branch()
    if not inspect.isawaitable(awaitable):
        raise StepMisuseError(
            f"group.parallel: a branch of an async function returned {type(awaitable).__name__}, "
            "which cannot be awaited. Return the step itself: lambda: ctx.step.run(…), or write the "
            "branch as async def."
        )
    return await awaitable


def _errors_first(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is None
