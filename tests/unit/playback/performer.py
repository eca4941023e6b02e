"""A performer that keeps everything in memory, and calls of functions over it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import durable
from durable import codec
from durable.authoring.context import Context, ContextSync
from durable.playback.body import Ran, is_coroutine_function
from durable.playback.execution import execute
from durable.playback.failure import Failure
from durable.playback.interrupt import Halted, Parked, Stepped
from durable.playback.keys import step_key
from durable.playback.limited import Limited
from durable.playback.loop import execute_async
from durable.playback.memo import Memo
from durable.playback.outcome import Interrupted, Outcome
from durable.playback.performer import RunTargets
from durable.playback.request import Request
from durable.playback.tape import Tape

Handler = Callable[..., Any]


class MemoryPerformer:
    """Records in memory, and remembers what it was asked to do.

    Args:
        retries: tries after the first.
        helps: whether it runs the steps it plans; else it parks.
        most: steps that may start.
    """

    tape: Tape

    def __init__(self, *, retries: int = 0, helps: bool = True, most: int = 1000) -> None:
        self.retries = retries
        self.helps = helps
        self.most = most
        self.recorded: list[list[str]] = []
        self.waves: list[list[str]] = []
        self.kept: dict[str, Memo] = {}
        self.threads = 0

    def asked(self, request: Request) -> Request:
        return request

    def admit(self, requests: Sequence[Request]) -> None:
        self.most -= len(requests)
        if self.most < 0:
            raise Halted(durable.LimitExceededError("too many", setting="MAX_STEPS"))

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        self.recorded.append([ran.request.title for ran in done])
        return [self._judge(ran) for ran in done]

    def perform(self, request: Request, run: Callable[[], Ran]) -> Memo | Parked:
        (answer,) = self.record([run()])
        return answer

    def keep(self, request: Request, run: Callable[[], Ran]) -> Collection[str]:
        self.kept[request.key] = memo_of(run())
        return ()

    def watch(self, limited: Limited) -> AbstractContextManager[None]:
        return nullcontext()

    def plan(self, requests: Sequence[Request]) -> None:
        raise AssertionError("nothing here rests")

    def abandon(self, keys: Collection[str]) -> None:
        raise AssertionError("nothing here is given up")

    def look(self) -> list[Memo]:
        raise AssertionError("nothing here is planned beside what runs")

    def send(self, events: list[Any]) -> list[str]:
        raise AssertionError("nothing here is sent")

    def rest(self) -> None:
        raise Parked(is_released=True)

    def settle(
        self, requests: list[Request], run_targets: RunTargets, *, has_code: bool = False
    ) -> None:
        self.waves.append([request.title for request in requests])
        if not self.helps:
            raise Parked(is_released=True)
        self.tape.targets = {request.key for request in requests}
        run_targets()
        self.tape.targets = None
        self.tape.learn(self.kept.values())

    @contextmanager
    def thread(self) -> Iterator[None]:
        self.threads += 1
        yield

    def _judge(self, ran: Ran) -> Memo | Parked:
        tries = self.tape.tries.get(ran.request.key, 0)
        if ran.failure is not None and ran.failure.is_retriable and tries < self.retries:
            return Parked(15.0)
        return memo_of(ran)


def memo_of(ran: Ran) -> Memo:
    """Return what is remembered of an execution that was final."""
    request, output = ran.request, None
    if ran.failure is None:
        output = codec.encode(ran.value, what="x", limit=10**6, setting="X", depth=64)
    return Memo(key=request.key, branch=request.branch, output=output, failure=ran.failure)


def done(name: str, value: Any = None, *, index: int = 0, branch: str = "") -> Memo:
    """Return the memo of a step that returned a value."""
    output = codec.encode(value, what="x", limit=10**6, setting="X", depth=64)
    return Memo(key=step_key(name, index, branch), branch=branch, output=output)


def failed(name: str, error: Exception, *, index: int = 0, branch: str = "") -> Memo:
    """Return the memo of a step that failed for good."""
    key = step_key(name, index, branch)
    return Memo(key=key, branch=branch, failure=Failure.of(error))


def call(
    handler: Handler,
    *memos: Memo,
    performer: MemoryPerformer | None = None,
    threads: int = 1,
    **options: Any,
) -> Outcome:
    """Call a handler over these memos, and again after each group."""
    performer = performer or MemoryPerformer()
    outcome = _call_once(handler, memos, performer, threads, options)
    while _is_stepped(outcome) and not options.get("strict"):
        memos = tuple(performer.tape.memos.values())
        outcome = _call_once(handler, memos, performer, threads, options)
    return outcome


def _is_stepped(outcome: Outcome) -> bool:
    return isinstance(outcome, Interrupted) and isinstance(outcome.signal, Stepped)


def _call_once(
    handler: Handler,
    memos: Sequence[Memo],
    performer: MemoryPerformer,
    threads: int,
    options: Mapping[str, Any],
) -> Outcome:
    known = {memo.key: memo for memo in memos}
    tape = Tape(memos=known, performer=performer, branches={}, **options)
    performer.tape = tape
    events = [durable.Event(name="unit/started")]
    if is_coroutine_function(handler):
        ctx = Context(tape=tape, run_id="run", events=events)
        return execute_async(lambda: handler(ctx), tape)
    sync = ContextSync(tape=tape, run_id="run", events=events, threads=threads)
    return execute(lambda: handler(sync), tape)
