"""Parallel groups and races in async functions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import copy_context
from typing import Any

from durable.errors import StepMisuseError
from durable.playback.cursor import CURSOR, Cursor
from durable.playback.race import decision, prefix, winner
from durable.playback.request import ParallelMode
from durable.playback.tape import Tape

Branch = Callable[[], Awaitable[Any]]


async def gather(tape: Tape, branches: Sequence[Branch], mode: ParallelMode) -> tuple[Any, ...]:
    """Await all branches at the same time; return their results in order.

    The first error, in the order of the branches, is raised when the others have been told to end.
    """
    parent = tape.cursor("group.parallel")
    group = parent.next_group()
    tasks = [_start(parent, str(n), branch, mode, group) for n, branch in enumerate(branches)]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        await _end(tasks)
    return tuple(task.result() for task in sorted(tasks, key=_errors_first))


async def race(tape: Tape, branches: Sequence[Branch]) -> Any:
    """Await all branches until the first of them ends; return its result.

    Who won is remembered as a step. Where it is known, the winner alone is called.
    """
    parent = tape.cursor("group.race")
    request = decision(tape)
    known = tape.memos.get(request.key)
    numbers = range(len(branches)) if known is None else [int(known.value())]
    tasks = {
        n: _start(parent, prefix(request) + str(n), branches[n], ParallelMode.RACE) for n in numbers
    }
    # Only who drives the run may decide: another's targets may stand in a branch that has lost since.
    decides = known is not None or tape.targets is None or request.key in tape.targets
    until = asyncio.FIRST_COMPLETED if decides else asyncio.ALL_COMPLETED
    try:
        await asyncio.wait(tasks.values(), return_when=until)
        first = next(number for number, task in tasks.items() if task.done())
    finally:
        await _end(tasks.values())
    assert tape.ask is not None
    return tasks[await tape.ask(winner(request, first))].result()


def _start(
    parent: Cursor, name: str, branch: Branch, mode: ParallelMode, group: int = 0
) -> asyncio.Task[Any]:
    cursor = parent.fork(name, parent.intent, mode, group)
    parent.branches[name] = cursor
    context = copy_context()
    context.run(CURSOR.set, cursor)
    return asyncio.Task(_call(branch), loop=asyncio.get_running_loop(), context=context)


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _call(branch: Branch) -> Any:
    awaitable = branch()
    if not inspect.isawaitable(awaitable):
        raise StepMisuseError(
            f"ctx.group: a branch of an async function returned {type(awaitable).__name__}, "
            "which cannot be awaited. Return the step itself: lambda: ctx.step.run(…), or write the "
            "branch as async def."
        )
    return await awaitable


def _errors_first(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is None
