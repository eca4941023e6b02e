"""Serving the steps an async function asks for: which may start, which results are handed out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from durable.errors import StepNotAwaitedError
from durable.replay.body import Ran, await_body, run_body
from durable.replay.call import StepCall
from durable.replay.failure import found
from durable.replay.interrupt import Blocked, Interrupt, Parked, Stepped, Targeted
from durable.replay.memo import Memo
from durable.replay.outcome import Interrupted, Outcome, Raised
from durable.replay.request import ParallelMode, Request
from durable.replay.tape import Tape


@dataclass(slots=True, eq=False)
class Ask:
    """One awaited step without a memo."""

    request: Request
    future: asyncio.Future[Memo]
    is_retry: bool = False  # it failed in an earlier call, so its wave is open
    context: Context = field(default_factory=copy_context)
    is_started: bool = False
    memo: Memo | None = None
    parked: Parked | None = None  # it failed, and is to be retried

    @property
    def is_wait(self) -> bool:
        return self.request.mode is ParallelMode.WAIT

    @property
    def is_unfinished(self) -> bool:
        """Whether the wave it belongs to must wait for it."""
        return (self.is_started or self.is_retry) and self.memo is None


class Service:
    """The steps of one call. Bodies of one wave run concurrently on the loop.

    WAIT hands out results when the whole wave has them; RACE at once.
    """

    def __init__(self, tape: Tape, loop: asyncio.AbstractEventLoop) -> None:
        self.tape = tape
        self.loop = loop
        self.asks: list[Ask] = []
        self.fresh: list[Ask] = []
        self.finished: list[tuple[Ask, Ran]] = []
        self.bodies: set[asyncio.Task[None]] = set()
        self.signal: Interrupt | None = None
        self.first_title = ""
        self.forgotten: list[StepCall[Any]] = []

    @property
    def has_news(self) -> bool:
        """Whether serving could change anything: also when all that is asked for must wait."""
        is_stuck = self.asks and not self.bodies
        return bool(self.fresh or self.finished or self.signal or is_stuck)

    async def ask(self, name: str, body: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Await a step: its remembered result, or the one made now."""
        request = self.tape.request(name, body, args)
        cursor = self.tape.cursor(request.title)
        memo = self.tape.recall(request, cursor)
        if memo is None:
            is_retry = request.key in self.tape.tries
            ask = Ask(request, self.loop.create_future(), is_retry)
            if request.key in self.tape.waits:
                ask.is_started, ask.parked = True, Parked(self.tape.waits[request.key])
            elif request.key in self.tape.opened:
                ask.is_started = True  # by whoever claims it
            self.fresh.append(ask)
            memo = await ask.future
        return memo.value()

    def serve(self) -> None:
        """Record what finished, hand out results, start bodies; or raise the signal that ends the call."""
        if self.signal is not None:
            raise self.signal
        self._record()
        self.asks = [ask for ask in [*self.asks, *self.fresh] if not ask.future.cancelled()]
        self.fresh.clear()
        if self.asks:
            self.first_title = self.asks[0].request.title
        if self.tape.targets is not None:
            self._serve_targets()
        elif self.tape.strict:
            self._serve_strict()
        else:
            self._serve_live()

    def note_forgotten(self) -> None:
        """Note, before tasks are cancelled, which steps were called and never awaited."""
        self.forgotten = [call for call in self.tape.calls if not call.is_begun]

    def complain(self, outcome: Outcome) -> Outcome:
        """Overrule an end that leaves a step behind which was never awaited."""
        if not self.forgotten or isinstance(outcome, Interrupted):
            return outcome
        raised = ""
        if isinstance(outcome, Raised):
            if StepCall.__name__ not in outcome.failure.message:
                return outcome  # it stumbled over something else before it came to await
            raised = f" ({outcome.failure.name} followed.)"
        title = self.forgotten[0].title
        error = StepNotAwaitedError(
            f"Step {title!r} was called but never awaited, so its body did not run. "
            f"Write: await ctx.step.run({title!r}, …).{raised}"
        )
        return Raised(found(error))

    def _serve_live(self) -> None:
        while not self._hand_out():
            if not self._start(self._startable()):
                break
        else:
            return
        if self.asks and not self.bodies:
            waits = [
                a.parked.retry_in for a in self.asks if a.parked and a.parked.retry_in is not None
            ]
            if waits:
                raise Parked(min(waits))
            self.tape.performer.rest()

    def _serve_strict(self) -> None:
        if self.bodies:
            return
        if any(ask.memo for ask in self.asks):
            raise Stepped
        if parked := [ask.parked for ask in self.asks if ask.parked]:
            raise parked[0]
        requests = [ask.request for ask in self.asks]
        alone = len(requests) == 1 and not requests[0].branch and not self.tape.opened
        if alone and self._start(self.asks):
            self._serve_strict()
        elif requests:
            self.tape.performer.settle(requests, dict)

    def _serve_targets(self) -> None:
        targets = self.tape.targets or set()
        if not targets and not self.bodies:
            raise Targeted
        wanted = [a for a in self.asks if a.request.key in targets and not a.is_started]
        if self._start(wanted):
            self._serve_targets()
        elif not self.bodies:
            raise Blocked([ask.request for ask in self.asks])

    def _hand_out(self) -> bool:
        """Release results to the code; say whether there were any."""
        wave_is_open = any(ask.is_wait and ask.is_unfinished for ask in self.asks)
        ready = [a for a in self.asks if a.memo and not (a.is_wait and wave_is_open)]
        for ask in ready:
            assert ask.memo is not None
            ask.future.set_result(ask.memo)
            self.asks.remove(ask)
        return bool(ready)

    def _startable(self) -> list[Ask]:
        """Asks whose bodies may run now; new ones in WAIT only between waves."""
        wave_is_open = any(ask.is_wait and ask.is_unfinished for ask in self.asks)
        return [
            ask
            for ask in self.asks
            if not ask.is_started and (ask.is_retry or not (ask.is_wait and wave_is_open))
        ]

    def _start(self, asks: Iterable[Ask]) -> bool:
        started = list(asks)
        if started and self.tape.targets is None:
            self.tape.performer.admit([ask.request for ask in started])
        for ask in started:
            ask.is_started = True
            self._begin(ask)
        return bool(started)

    def _begin(self, ask: Ask) -> None:
        """Run a plain body here, outside of the loop, where the ORM may be used; the others on it."""
        if is_coroutine_function(ask.request.body):
            self._spawn(ask, None)
            return
        ran = ask.context.run(run_body, ask.request, self.tape.attempt_of(ask.request))
        if inspect.isawaitable(ran.value):
            self._spawn(ask, ran.value)
        else:
            self.finished.append((ask, ran))
            self._record()

    def _spawn(self, ask: Ask, awaitable: Any) -> None:
        coroutine = self._body(ask, self.tape.attempt_of(ask.request), awaitable)
        task = asyncio.Task(coroutine, loop=self.loop, context=ask.context.copy())
        self.bodies.add(task)
        task.add_done_callback(self.bodies.discard)
        ask.future.add_done_callback(partial(_cancel_if_given_up, task))

    async def _body(self, ask: Ask, attempt: int, awaitable: Any) -> None:
        try:
            ran = await await_body(ask.request, attempt, awaitable)
        except Interrupt as signal:
            self.signal = signal
        else:
            self.finished.append((ask, ran))

    def _record(self) -> None:
        done = [(ask, ran) for ask, ran in self.finished if not ask.future.cancelled()]
        self.finished.clear()
        if not done:
            return
        self.tape.check()
        if self.tape.targets is not None:
            for ask, ran in done:
                self.tape.targets.discard(ask.request.key)
                self.tape.performer.keep(ran)
            return
        answers = self.tape.performer.record([ran for _, ran in done])
        for (ask, _), answer in zip(done, answers, strict=True):
            if isinstance(answer, Parked):
                ask.parked = answer
            else:
                ask.memo = answer
                self.tape.learn([answer])


def is_coroutine_function(body: Any) -> bool:
    """Say whether calling `body` gives a coroutine, looking through partials and callable objects."""
    while isinstance(body, partial):
        body = body.func
    return inspect.iscoroutinefunction(body) or inspect.iscoroutinefunction(
        getattr(type(body), "__call__", None)  # noqa: B004 - the method itself is wanted
    )


def _cancel_if_given_up(task: asyncio.Task[None], future: asyncio.Future[Memo]) -> None:
    if future.cancelled():
        task.cancel()
