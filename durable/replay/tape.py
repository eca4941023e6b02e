"""What is remembered of a run, read forward while the function is called again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import get_ident
from typing import Any, Protocol

from durable.errors import (
    DurableError,
    InterruptSwallowedError,
    NestedStepError,
    StepOutsideRunError,
)
from durable.replay.body import Ran, run_body
from durable.replay.call import StepCall
from durable.replay.cursor import CURSOR, Cursor, Intent
from durable.replay.interrupt import Blocked, Halted, Interrupt, Parked, Stepped, Targeted
from durable.replay.keys import step_key
from durable.replay.memo import Memo
from durable.replay.request import ParallelMode, Request

Ask = Callable[[str, Callable[..., Any], tuple[Any, ...]], Coroutine[Any, Any, Any]]


# Runs the tape's targets; says which of them an error of the code before them kept from running.
RunTargets = Callable[[], Mapping[str, Exception]]


class Performer(Protocol):
    """The engine, as the tape sees it."""

    def admit(self, requests: Sequence[Request]) -> None:
        """Raise if these steps may not start: a limit is reached, or the run is no longer ours."""

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Record steps that ran in place; say for each what is remembered, or that it is to be retried."""

    def keep(self, ran: Ran) -> None:
        """Take the result of a planned step; it is recorded with its batch."""

    def settle(self, requests: list[Request], run_targets: RunTargets) -> None:
        """Plan a wave; return when it has joined and the tape knows its memos, or raise Parked."""

    def rest(self) -> None:
        """Park until one of the planned steps has ended; always raises Parked."""

    def thread(self) -> AbstractContextManager[None]:
        """Surround the work of one thread beside the run's own."""


class Tape:
    """The memos of one run during one call of its function.

    Args:
        memos: what is remembered, by key.
        performer: what runs and records steps.
        mode: the parallel mode of groups that do not say.
        branches: where the steps stand that were met before, by key.
        opened: keys of planned steps that are not final yet.
        targets: None when the whole function is driven; else the planned steps this call is for.
        target_branches: where they stand.
        strict: end the call after each step.
        attempt: failed tries of the code that now runs again.
        tries: failed tries of open steps, by key.
        waits: seconds until those may be tried again, by key.
    """

    def __init__(
        self,
        *,
        memos: dict[str, Memo],
        performer: Performer,
        mode: ParallelMode = ParallelMode.WAIT,
        branches: Mapping[str, str],
        opened: Iterable[str] = (),
        targets: set[str] | None = None,
        target_branches: Collection[str] = (),
        strict: bool = False,
        attempt: int = 0,
        tries: Mapping[str, int] | None = None,
        waits: Mapping[str, float] | None = None,
    ) -> None:
        self.memos = memos
        self.performer = performer
        self.mode = mode
        self.opened = set(opened)
        self.targets = targets
        self.target_branches = target_branches
        self.strict = strict
        self.attempt = attempt
        self.tries = dict(tries or {})
        self.waits = {key: wait for key, wait in (waits or {}).items() if wait > 0}
        self.misuse: DurableError | None = None
        self.is_closed = False
        self.ask: Ask | None = None  # how an async function awaits a step
        self.calls: list[StepCall[Any]] = []  # async steps called, awaited or not
        self.known: Counter[str] = Counter()
        self._met: set[str] = set()
        for key, branch in branches.items():
            self.know(key, branch)
        for memo in memos.values():
            self.know(memo.key, memo.branch)
        self.root = self._root()

    def _root(self) -> Cursor:
        intent = Intent.LIVE if self.targets is None else Intent.TARGET
        known = self.known
        return Cursor(tape=self, intent=intent, mode=self.mode, known=known, unread=known[""])

    def know(self, key: str, branch: str) -> None:
        """Note that a step was met: what the code says on its way there was said before."""
        if key in self._met:
            return
        self._met.add(key)
        self.known[""] += 1
        path = ""
        for part in branch.split(".") if branch else ():
            path = f"{path}.{part}" if path else part
            self.known[path] += 1

    @property
    def is_quiet(self) -> bool:
        """Whether the code now running has run before, so that its log lines are repetitions."""
        cursor = CURSOR.get()
        if cursor is None or cursor.intent is Intent.BODY:
            return False
        return cursor.intent is Intent.TARGET or cursor.unread > 0

    def request(self, name: str, body: Callable[..., Any], args: tuple[Any, ...]) -> Request:
        """Give a step call its identity, or refuse it where it cannot be durable."""
        cursor = self.cursor(name)
        index = cursor.next_index(name)
        return Request(
            key=step_key(name, index, cursor.branch),
            name=name,
            index=index,
            branch=cursor.branch,
            mode=cursor.mode,
            body=body,
            args=args,
        )

    def call(self, name: str, body: Callable[..., Any], args: tuple[Any, ...]) -> StepCall[Any]:
        """Return a step to be awaited. It gets its identity in the task that awaits it."""
        if self.ask is None:
            raise _outside(name)
        ask = self.ask
        step: StepCall[Any] = StepCall(name, lambda: ask(name, body, args))
        self.calls.append(step)
        return step

    def take(self, request: Request) -> Any:
        """Return the result of a step: remembered, or made now; or raise the signal that ends the call."""
        cursor = self.cursor(request.title)
        memo = self.recall(request, cursor)
        if memo is not None:
            return memo.value()
        if cursor.intent is not Intent.LIVE:
            return self._report(request, cursor)
        with self.interruptible(cursor, request):
            memo = self._perform(request)
            if self.strict:
                raise Stepped
        return memo.value()

    def _perform(self, request: Request) -> Memo:
        if request.key in self.waits:
            raise Parked(self.waits[request.key])
        self.performer.admit([request])
        ran = run_body(request, self.attempt_of(request))
        self.check()
        (answer,) = self.performer.record([ran])
        if isinstance(answer, Parked):
            raise answer
        self.learn([answer])
        return answer

    def attempt_of(self, request: Request) -> int:
        """Return the failed tries that a step's body sees: its own, or else those of the code."""
        return self.tries.get(request.key, self.attempt)

    @property
    def visible_attempt(self) -> int:
        """The failed tries of the body or the stretch of code that asks."""
        cursor = CURSOR.get()
        is_body = cursor is not None and cursor.intent is Intent.BODY
        return cursor.attempt if cursor is not None and is_body else self.attempt

    def recall(self, request: Request, cursor: Cursor) -> Memo | None:
        """Return the memo of a step, and note that the call came by it."""
        memo = self.memos.get(request.key)
        cursor.read(is_known=request.key in self._met)
        return memo

    def learn(self, memos: Iterable[Memo]) -> None:
        """Remember results that were recorded during the call."""
        for memo in memos:
            self.memos[memo.key] = memo
            self.know(memo.key, memo.branch)
            self.opened.discard(memo.key)
        self.attempt = 0

    def _report(self, request: Request, cursor: Cursor) -> Any:
        with self.interruptible(cursor, request):
            if cursor.intent is Intent.TARGET and request.key in (self.targets or ()):
                assert self.targets is not None
                ran = run_body(request, self.attempt_of(request))
                self.check()
                self.targets.discard(request.key)
                self.performer.keep(ran)
                if not self.targets:
                    raise Targeted
            raise Blocked([request])

    @contextmanager
    def interruptible(self, cursor: Cursor, request: Request) -> Iterator[None]:
        """Remember on the branch that a signal went through its code."""
        try:
            yield
        except Interrupt as signal:
            cursor.interrupt = signal
            cursor.title = request.title
            raise

    def cursor(self, title: str) -> Cursor:
        """Return where the calling code stands.

        Raises:
            Halted: a step or group cannot be called there; the message says why.
        """
        cursor = CURSOR.get()
        if cursor is None or cursor.tape is not self or self.is_closed:
            raise self._halt(_outside(title))
        if cursor.thread != get_ident():
            raise self._halt(_outside(title))
        if cursor.intent is Intent.BODY:
            raise self._halt(_nested(title, cursor.title))
        if cursor.interrupt is not None or self.root.interrupt is not None:
            raise self._halt(
                swallowed(cursor.title or self.root.title, f"and then called step {title!r}")
            )
        self.check()
        return cursor

    def check(self) -> None:
        """Raise again what halted the call: user code may have caught it."""
        if self.misuse is not None:
            raise Halted(self.misuse)

    def _halt(self, error: DurableError) -> BaseException:
        if self.is_closed or CURSOR.get() is None:
            return error
        self.misuse = self.misuse or error
        return Halted(error)


def swallowed(title: str, then: str) -> InterruptSwallowedError:
    """Say that user code caught a signal."""
    return InterruptSwallowedError(
        f"The code around step {title!r} caught the signal that ends a call of the function {then}, "
        "so the run would not be durable. Catch Exception there, not BaseException, and keep "
        "steps out of bare except and finally blocks."
    )


def _nested(title: str, outer: str) -> NestedStepError:
    return NestedStepError(
        f"Nested steps are not supported: {title!r} was called inside the body of step {outer!r}. "
        "Call it from the function itself, before or after that step."
    )


def _outside(title: str) -> StepOutsideRunError:
    return StepOutsideRunError(
        f"Step {title!r} was called outside of its run: after the function had ended, or from a "
        "thread or another run. Call steps from the function's own thread and tasks."
    )
