"""One call of an async function, on an event loop that says when nothing more can happen by itself.

Just before the loop would block, every branch of the function is suspended: the steps asked for since
the last such moment are one wave. The loop is then stopped, and what touches the database happens
outside of it, on the same thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any

from durable.playback.body import PASSED
from durable.playback.call import StepCall
from durable.playback.cursor import CURSOR, Cursor, Intent
from durable.playback.execution import judge
from durable.playback.failure import Failure, found
from durable.playback.idle import IdleLoop, IdleSelector
from durable.playback.interrupt import Halted, Interrupt
from durable.playback.misuse import not_awaited
from durable.playback.outcome import Finished, Interrupted, Outcome, Raised
from durable.playback.places import Places
from durable.playback.service import Service
from durable.playback.tape import Tape

_GRACE = 5.0  # seconds for tasks to end when they are cancelled


def execute_async(call: Callable[[], Coroutine[Any, Any, Any]], tape: Tape) -> Outcome:
    """Call the function and say what came of it."""
    return _Call(tape).run(call)


class _Task(asyncio.Task[Any]):
    """A task of the function. Sets of them, like those of `asyncio.wait`, have the same order in every call."""

    def __init__(self, number: int, coro: Any, **kwargs: Any) -> None:
        self.number = number  # first, as asyncio puts the task into a set
        super().__init__(coro, **kwargs)

    def __hash__(self) -> int:
        return self.number


class _Call:
    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.loop = IdleLoop(IdleSelector(self._longest_wait, self._waited))
        self.loop.set_task_factory(self._make_task)
        self.service = Service(tape, self.loop)
        self.loop.timers = self.service.timers
        self.tasks = self.service.tasks
        self.is_ending = False
        self.made = 0
        self.forgotten: list[StepCall[Any]] = []  # called and never awaited
        self.places = Places()

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
        return judge(self._complain(outcome), self.tape)

    def _drive(self, main: asyncio.Task[Outcome]) -> Outcome:
        while True:
            self.loop.run_forever()
            if main.done():
                # Noted before tasks are cancelled, which begins and closes them.
                self.forgotten = [call for call in self.tape.calls if not call.is_begun]
                return _outcome(main)
            try:
                self.service.serve()
            except Halted as signal:
                self.tape.misuse = self.tape.misuse or signal.error
                return Raised(found(signal.error))
            except Interrupt as signal:
                return self._interrupt(main, signal)

    def _complain(self, outcome: Outcome) -> Outcome:
        """Overrule an end that leaves a step behind which was never awaited."""
        if not self.forgotten or isinstance(outcome, Interrupted):
            return outcome
        raised = ""
        if isinstance(outcome, Raised):
            if StepCall.__name__ not in outcome.failure.message:
                return outcome  # it stumbled over something else before it came to await
            raised = f" ({outcome.failure.name} followed.)"
        return Raised(found(not_awaited(self.forgotten[0].title, raised)))

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
        self.loop.timers = None
        open_tasks = {task for task in tasks if not task.done()}
        for task in open_tasks:
            task.cancel()
        if open_tasks:
            self.loop.run_until_complete(asyncio.Task(_wait(open_tasks), loop=self.loop))

    def _stop(self, main: asyncio.Task[Outcome]) -> None:
        if not self.is_ending:
            self.loop.stop()

    def _longest_wait(self, is_busy: bool) -> float | None:
        longest = None if self.is_ending else self.service.longest_wait(is_busy)
        if longest == 0:
            self.loop.stop()
        return longest

    def _waited(self, seconds: float, is_busy: bool) -> None:
        self.service.waited(seconds, is_busy)

    def _make_task(
        self,
        loop: asyncio.AbstractEventLoop,
        coro: Any,
        context: Context | None = None,
        **kwargs: Any,
    ) -> asyncio.Task[Any]:
        """Give each task the function starts a branch of its own, numbered as they are made."""
        parent = CURSOR.get()
        number = self.made
        self.made += 1
        if isinstance(parent, Cursor) and parent.intent is not Intent.BODY:
            context = (context or copy_context()).copy()
            place = self.places.of(coro)
            name, number = f"t{parent.tasks + place}", number + place
            parent.tasks += 1
            context.run(CURSOR.set, parent.fork(name, parent.intent, parent.mode))
        task = _Task(number, coro, loop=loop, context=context, **kwargs)
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
