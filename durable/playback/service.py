"""Serving the steps an async function asks for: which may start, which results are handed out.

What is remembered is handed out at the same moments and in the same order as when it was new, so that
tasks that share a queue or a list find in it what they found then.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush
from typing import Any

from durable.playback.ask import Ask
from durable.playback.body import Ran, await_body, is_coroutine_function
from durable.playback.idle import Patience
from durable.playback.interrupt import Blocked, Halted, Interrupt, Parked, Stepped, Targeted
from durable.playback.memo import Memo
from durable.playback.misuse import given_up
from durable.playback.request import Request
from durable.playback.tape import Tape
from durable.playback.timers import Timer, Timers


class Service:
    """The steps of one call. Bodies of one wave run concurrently on the loop.

    WAIT hands out results when the whole wave has them; RACE one after the other, as they came.
    """

    def __init__(self, tape: Tape, loop: asyncio.SelectorEventLoop) -> None:
        self.tape = tape
        self.loop = loop
        self.asks: list[Ask] = []
        self.fresh: list[Ask] = []
        self.finished: list[tuple[Ask, Ran]] = []
        self.bodies: set[asyncio.Task[None]] = set()
        self.signal: Interrupt | None = None
        self.first_title = ""
        self.patience = Patience()
        self.timers = Timers(tape, loop, self.fresh)
        # Whether the loop blocks at a cost, and whether timers, files or threads of it were pending last.
        self.is_patient = self.is_busy = False
        self.tasks: set[asyncio.Task[Any]] = set()  # started by the function
        self._racers: list[tuple[int, Ask]] = []  # a heap of results, each waiting for its turn

    def longest_wait(self, is_busy: bool) -> float | None:
        """Return for how long the loop may block: not at all while serving could change anything.

        A targeted call waits for the code to come to its targets, but not for ever.
        """
        self.is_busy, self.is_patient = is_busy, False
        if self.fresh or self.finished or self.signal or self._racers:
            return 0.0
        if self.tape.targets is not None:
            if self.bodies or not self.asks:
                return None
            if any(a.request.key in self.tape.targets and not a.is_started for a in self.asks):
                return 0.0
            self.is_patient = True
            return self.patience.left(is_busy=is_busy) if self.tape.targets else 0.0
        waits = [self.timers.next(self.asks)]
        if self.bodies:
            waits.append(self.timers.next_look(self.asks))
        elif self._may_rest():
            return 0.0
        elif self._has_steps():
            self.is_patient = True
            waits.append(self.patience.left(is_busy=True))
        return min((wait for wait in waits if wait is not None), default=None)

    def _has_steps(self) -> bool:
        return not all(isinstance(ask, Timer) for ask in self.asks)

    def _may_rest(self) -> bool:
        """Whether only planned steps and timers can change anything, and short ones are over."""
        if self._has_steps():
            return not self.timers.short() or self.patience.is_over
        return bool(self.asks) and not self.is_busy

    def waited(self, seconds: float, is_busy: bool) -> None:
        """Hear how long the loop blocked."""
        if self.is_patient:
            self.patience.spend(seconds, is_busy=is_busy)

    async def ask(self, request: Request) -> Any:
        """Await a step: its remembered result, or the one made now."""
        cursor = self.tape.cursor(request.title)
        memo = self.tape.recall(request, cursor)
        if memo is None or self.tasks or cursor.branch:
            is_retry = request.key in self.tape.tries
            ask = Ask(request, self.loop.create_future(), is_retry, memo=memo)
            ask.find(self.tape, self.loop.time())
            self.fresh.append(ask)
            memo = await ask.future
        return self.tape.give(memo, request)

    def serve(self) -> None:
        """Record what finished, hand out results, start bodies; or raise the signal that ends the call."""
        if self.signal is not None:
            raise self.signal
        self._record()
        self._ring()
        asks = [*self.asks, *self.fresh]
        self.fresh.clear()
        self.asks = [ask for ask in asks if not ask.future.cancelled()]
        if self.asks:
            self.first_title = self.asks[0].request.title
        if self.tape.targets is not None:
            self._serve_targets()
            return
        self.tape.abandon(ask.request.key for ask in asks if ask.future.cancelled())
        self._serve_strict() if self.tape.strict else self._serve_live()

    def _ring(self) -> None:
        """Have timers fire whose time has come, and see what ended elsewhere."""
        if self.tape.targets is not None:
            return
        for timer, answer in self.timers.ring(self.asks):
            self._answer(timer, answer)
        if self.bodies:
            self.timers.look(self.asks)

    def _serve_live(self) -> None:
        for (
            ask
        ) in self.asks:  # racers wait for their turn at once: none of a later rank may overtake
            ask.is_started = ask.is_started or bool(ask.memo and not ask.is_wait)
        while not self._hand_out(self._ready()):
            if not self._start(self._startable()):
                break
        else:
            return
        if self.asks and not self.bodies and self._may_rest():
            self._rest()

    def _rest(self) -> None:
        if all(ask.is_given_up for ask in self.asks):
            raise Halted(given_up(self.first_title))
        ticking = [ask for ask in self.asks if isinstance(ask, Timer) and ask.is_ticking]
        self._start(ticking)
        waits = [a.parked.retry_in for a in self.asks if a.parked and a.parked.retry_in is not None]
        if waits:
            raise Parked(min(waits))
        self.tape.performer.rest()

    def _serve_strict(self) -> None:
        if any(ask.is_started and ask.memo for ask in self.asks):
            raise Stepped
        if self._hand_out([ask for ask in self.asks if ask.memo]) or self.bodies:
            return
        if parked := [ask.parked for ask in self.asks if ask.parked]:
            raise parked[0]
        requests = [ask.request for ask in self.asks if not ask.is_given_up]
        if self.asks and not requests:
            raise Halted(given_up(self.first_title))
        alone = len(requests) == 1 and requests[0].is_work
        alone = alone and not requests[0].branch and not self.tape.opened
        if alone and self._start(self.asks):
            self._serve_strict()
        elif requests and self._may_rest():
            self.tape.performer.settle(requests, dict)

    def _serve_targets(self) -> None:
        targets = self.tape.targets or set()
        if not targets and not self.bodies:
            raise Targeted
        if self._hand_out([ask for ask in self.asks if ask.memo]):
            return
        wanted = [a for a in self.asks if a.request.key in targets and not a.is_started]
        if self._start(wanted):
            self._serve_targets()
        elif not self.bodies and self.patience.is_over:
            raise Blocked([ask.request for ask in self.asks])

    def _ready(self) -> list[Ask]:
        """Asks whose results may be handed out: in WAIT those of the whole wave, or none."""
        wave_is_open = any(ask.is_wait and ask.is_unfinished for ask in self.asks)
        return [
            a for a in self.asks if a.is_started and a.memo and not (a.is_wait and wave_is_open)
        ]

    def _hand_out(self, ready: list[Ask]) -> bool:
        """Release results to the code, of racers only the first; say whether there were any."""
        # As they were recorded, not as they were asked for: asyncio makes tasks of sets.
        for ask in sorted(ready, key=lambda ask: self.tape.ranks[ask.request.key]):
            self.asks.remove(ask)
            if ask.is_wait:
                ask.hand_out()
            else:
                heappush(self._racers, (self.tape.ranks[ask.request.key], ask))
        while self._racers:
            _, first = heappop(self._racers)
            if not first.future.cancelled():
                first.hand_out()
                return True
        return any(ask.is_wait for ask in ready)

    def _startable(self) -> list[Ask]:
        """Asks whose bodies may run now; new ones in WAIT only between waves."""
        # What is remembered beside a retry is of its wave, and comes back with it.
        wave_is_open = any(ask.is_wait and ask.is_unfinished for ask in self.asks)
        return [
            ask
            for ask in self.asks
            if not ask.is_started
            and (ask.is_retry or ask.memo or not (ask.is_wait and wave_is_open))
            and not (isinstance(ask, Timer) and ask.is_ticking)
        ]

    def _start(self, asks: Iterable[Ask]) -> bool:
        started = list(asks)
        new = [ask for ask in started if ask.memo is None]
        if new and self.tape.targets is None:
            self.tape.performer.admit([ask.request for ask in new])
        for ask in started:
            ask.is_started = True
        if pauses := [ask for ask in new if not ask.request.is_work]:
            self.timers.plan(pauses)
        for ask in new:
            if ask.request.is_work:
                self._begin(ask)
        return bool(started)

    def _begin(self, ask: Ask) -> None:
        """Run a plain body here, outside of the loop, where the ORM may be used; the others on it."""
        if is_coroutine_function(ask.request.work.call):
            self._spawn(ask, None)
            return
        if ask.request.work.is_atomic:
            self._begin_atomic(ask)
            return
        ran = ask.context.run(self.tape.execute, ask.request)
        if inspect.isawaitable(ran.value):
            self._spawn(ask, ran.value)
        else:
            self.finished.append((ask, ran))
            self._record()

    def _begin_atomic(self, ask: Ask) -> None:
        run = partial(self.tape.run, ask.request)
        if self.tape.targets is not None:
            self._keep(ask, partial(ask.context.run, run))
            return
        self._answer(ask, self.tape.performer.perform(ask.request, partial(ask.context.run, run)))

    def _spawn(self, ask: Ask, awaitable: Any) -> None:
        coroutine = self._body(ask, self.tape.attempt_of(ask.request), awaitable)
        task = asyncio.Task(coroutine, loop=self.loop, context=ask.context.copy())
        self.bodies.add(task)
        task.add_done_callback(self.bodies.discard)
        ask.future.add_done_callback(partial(_cancel_if_given_up, task))

    async def _body(self, ask: Ask, attempt: int, awaitable: Any) -> None:
        is_new = self.tape.targets is None
        try:
            ran = await await_body(ask.request, attempt, awaitable, is_new=is_new)
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
                self._keep(ask, partial(_same, ran))
            return
        answers = self.tape.performer.record([ran for _, ran in done])
        for (ask, _), answer in zip(done, answers, strict=True):
            self._answer(ask, answer)

    def _keep(self, ask: Ask, run: Callable[[], Ran]) -> None:
        assert self.tape.targets is not None
        given_up = self.tape.performer.keep(ask.request, run)
        self.tape.targets.discard(ask.request.key)
        self.tape.targets.difference_update(given_up)

    def _answer(self, ask: Ask, answer: Memo | Parked) -> None:
        if isinstance(answer, Parked):
            ask.parked = answer
        else:
            ask.memo = answer
            self.tape.learn([answer])


def _same(ran: Ran) -> Ran:
    return ran


def _cancel_if_given_up(task: asyncio.Task[None], future: asyncio.Future[Memo]) -> None:
    if future.cancelled():
        task.cancel()
