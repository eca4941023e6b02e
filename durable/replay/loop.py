"""One call of an async function, on an event loop that says when nothing more can happen by itself.

Just before the loop would block, every branch of the function is suspended: the steps asked for since
the last such moment are one wave. The loop is then stopped, and what touches the database happens
outside of it, on the same thread.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any

from durable.replay.body import PASSED
from durable.replay.cursor import CURSOR, Cursor, Intent
from durable.replay.execution import judge
from durable.replay.failure import Failure, found
from durable.replay.interrupt import Halted, Interrupt
from durable.replay.outcome import Finished, Interrupted, Outcome, Raised
from durable.replay.service import Service
from durable.replay.tape import Tape

_GRACE = 5.0  # seconds for tasks to end when they are cancelled


class IdleSelector(selectors.DefaultSelector):
    """Asks before it blocks."""

    def __init__(self, has_news: Callable[[], bool]) -> None:
        super().__init__()
        self._has_news = has_news

    def select(self, timeout: float | None = None) -> Any:
        """Wait for I/O, but not while there is something to serve."""
        if (timeout is None or timeout > 0) and self._has_news():
            timeout = 0
        return super().select(timeout)


def execute_async(call: Callable[[], Coroutine[Any, Any, Any]], tape: Tape) -> Outcome:
    """Call the function and say what came of it."""
    return _Call(tape).run(call)


class _Call:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.loop = asyncio.SelectorEventLoop(IdleSelector(self._has_news))
        self.loop.set_task_factory(self._make_task)
        self.service = Service(tape, self.loop)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.is_ending = False

    def run(self, call: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
        context = copy_context()
        context.run(CURSOR.set, self.tape.root)
        self.tape.ask = self.service.ask
        main = asyncio.Task(_result(call), loop=self.loop, context=context)
        main.add_done_callback(self._stop)
        try:
            outcome = context.copy().run(self._drive, main)
        finally:
            self._close(main)
            self.tape.is_closed = True
        return judge(self.service.complain(outcome), self.tape)

    def _drive(self, main: asyncio.Task[Outcome]) -> Outcome:
        while True:
            self.loop.run_forever()
            if main.done():
                self.service.note_forgotten()
                return _outcome(main)
            try:
                self.service.serve()
            except Halted as signal:
                self.tape.misuse = self.tape.misuse or signal.error
                return Raised(found(signal.error))
            except Interrupt as signal:
                return self._interrupt(main, signal)

    def _interrupt(self, main: asyncio.Task[Outcome], signal: Interrupt) -> Outcome:
        """End the function's tasks; whatever they still do is not durable."""
        self.tape.root.interrupt = signal
        self.tape.root.title = self.service.first_title
        self._cancel({main, *self.tasks})
        return Interrupted(signal) if main.cancelled() else _outcome(main)

    def _close(self, main: asyncio.Task[Outcome]) -> None:
        self._cancel({main, *self.tasks, *self.service.bodies})
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def _cancel(self, tasks: set[asyncio.Task[Any]]) -> None:
        self.is_ending = True
        open_tasks = {task for task in tasks if not task.done()}
        for task in open_tasks:
            task.cancel()
        if open_tasks:
            self.loop.run_until_complete(asyncio.Task(_wait(open_tasks), loop=self.loop))

    def _stop(self, main: asyncio.Task[Outcome]) -> None:
        if not self.is_ending:
            self.loop.stop()

    def _has_news(self) -> bool:
        if self.is_ending or not self.service.has_news:
            return False
        self.loop.stop()
        return True

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Any,
        context: Context | None = None,
        **kwargs: Any,
    ) -> asyncio.Task[Any]:
        """Give each task the function starts a branch of its own, numbered as they are made."""
        parent = CURSOR.get()
        if isinstance(parent, Cursor) and parent.intent is not Intent.BODY:
            context = (context or copy_context()).copy()
            parent.tasks += 1
            context.run(CURSOR.set, parent.fork(f"t{parent.tasks - 1}", parent.intent, parent.mode))
        task = asyncio.Task(coro, loop=loop, context=context, **kwargs)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


async def _result(call: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
    try:
        return Finished(await call())
    except Halted as signal:
        return Raised(found(signal.error))
    except (asyncio.CancelledError, *PASSED):
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit and stranger ones
        return Raised(Failure.of(error))


async def _wait(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.wait(tasks, timeout=_GRACE)


def _outcome(main: asyncio.Task[Outcome]) -> Outcome:
    if main.cancelled():
        return Raised(Failure.of(asyncio.CancelledError("the function cancelled itself")))
    error = main.exception()
    return main.result() if error is None else Raised(Failure.of(error))
