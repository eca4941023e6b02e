"""What is remembered of a run, read forward while the function is called again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from functools import cached_property, partial
from typing import Any, NoReturn

from durable.errors import DurableError, OutputMismatchError
from durable.playback.body import Ran, run_body
from durable.playback.call import StepCall
from durable.playback.cursor import CURSOR, Cursor, Intent
from durable.playback.interrupt import Blocked, Halted, Parked, Stepped, Targeted
from durable.playback.keys import step_key
from durable.playback.limited import Limited
from durable.playback.memo import Memo
from durable.playback.misuse import another_kind, given_up, nested, outside, swallowed
from durable.playback.paths import above, by_path
from durable.playback.performer import Performer
from durable.playback.request import BODIES, ParallelMode, Request, What

Ask = Callable[[Request], Coroutine[Any, Any, Any]]


class Tape:
    """The memos of one run during one call of its function.

    Args:
        memos: what is remembered, by key.
        performer: what runs and records steps.
        mode: the parallel mode of groups that do not say.
        branches: where the steps stand that were met before, by key.
        kinds: what kinds of steps those are that were met before, by key.
        opened: keys of planned steps that are not final yet.
        abandoned: keys of planned steps that were given up.
        dues: seconds until planned steps come due, by key.
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
        kinds: Mapping[str, str] | None = None,
        opened: Iterable[str] = (),
        abandoned: Iterable[str] = (),
        dues: Mapping[str, float] | None = None,
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
        self.abandoned = set(abandoned)
        self.dues, self.kinds = dues or {}, kinds or {}
        self.decisions = 0  # races decided in this call
        self.ranks = {key: number for number, key in enumerate(memos)}  # in order of their ends
        self.targets = targets
        self.target_branches = target_branches
        self.strict = strict
        self.attempt = attempt
        self.tries = dict(tries or {})
        self.waits = {key: wait for key, wait in (waits or {}).items() if wait > 0}
        self.misuse: DurableError | None = None
        self.is_closed = False
        self.ask: Ask | None = None  # how an async function awaits a step
        self.asked: dict[str, None] = {}  # titles of the steps this call came to
        self.calls: list[StepCall[Any]] = []  # async steps called, awaited or not
        self.known: Counter[str] = Counter()
        self._met: dict[str, str] = {}  # the branches of steps that were met, by key
        for key, branch in branches.items():
            self.know(key, branch)
        for memo in memos.values():
            self.know(memo.key, memo.branch)
        intent, known = Intent.LIVE if targets is None else Intent.TARGET, self.known
        self.root = Cursor(tape=self, intent=intent, mode=mode, known=known, unread=known[""])

    def know(self, key: str, branch: str) -> None:
        """Note that a step was met: what the code says on its way there was said before."""
        if key in self._met:
            return
        self._met[key] = branch
        self.known.update(above(branch))

    @property
    def is_quiet(self) -> bool:
        """Whether the code now running has run before, so that its log lines are repetitions."""
        cursor = CURSOR.get()
        if cursor is None or cursor.intent is Intent.BODY:
            return False
        return cursor.intent is Intent.TARGET or cursor.unread > 0

    def request(self, name: str, what: What, *, is_own: bool = False) -> Request:
        """Give a step call its identity, or refuse it where it cannot be durable.

        With `is_own` it is a step of the engine, whose key is none of those that an author's ids have.
        """
        cursor = self.cursor(name)
        identity = f"\0{name}" if is_own else name
        index = cursor.next_index(identity)
        request = Request(
            key=step_key(identity, index, cursor.branch),
            name=name,
            index=index,
            branch=cursor.branch,
            mode=cursor.mode,
            what=what,
            group=cursor.later_group,
        )
        self.asked[request.title] = None
        return self.performer.asked(request)

    def call(self, name: str, what: What) -> StepCall[Any]:
        """Return a step to be awaited. It gets its identity in the task that awaits it."""
        if self.ask is None:
            raise outside(name)
        ask = self.ask

        async def start() -> Any:
            return await ask(self.request(name, what))

        return self.expect(f"Step {name!r}", start)

    def expect(self, title: str, start: Callable[[], Coroutine[Any, Any, Any]]) -> StepCall[Any]:
        """Return what is to be awaited, a step or a group; the run fails if nobody does."""
        call: StepCall[Any] = StepCall(title, start, len(self.calls))
        self.calls.append(call)
        return call

    def take(self, request: Request) -> Any:
        """Return the result of a step: remembered, or made now; or raise the signal that ends the call."""
        return self.give(self.take_memo(request), request)

    def take_memo(self, request: Request) -> Memo:
        """Return what is remembered of a step that returned; raise as `take` does."""
        cursor = self.cursor(request.title)
        memo = self.recall(request, cursor)
        if memo is not None:
            return memo.checked()
        if cursor.intent is not Intent.LIVE:
            return self._report(request, cursor)
        with cursor.interruptible(request.title):
            memo = self._perform(request)
            if self.strict:
                raise Stepped
        return memo.checked()

    def give(self, memo: Memo, request: Request) -> Any:
        """Return what is remembered of a step to the code that called it, of its type if it has one.

        Raises:
            StepError: the step failed for good.
            Halted: the result does not fit the type. Code that caught that could go another way than
                it went when the result was new.
        """
        try:
            return request.read(memo.value())
        except OutputMismatchError as error:
            raise self._halt(error) from None

    def _perform(self, request: Request) -> Memo:
        if request.key in self.waits:
            raise Parked(self.waits[request.key])
        if request.key in self.abandoned:
            raise self._halt(given_up(request.title))
        if not request.is_work:
            return self._await(request)
        self.performer.admit([request])
        answer = self.performer.perform(request, partial(self.run, request))
        if isinstance(answer, Parked):
            raise answer
        self.learn([answer])
        return answer

    def _await(self, request: Request) -> Memo:
        """Have time pass, or something happen elsewhere; nobody waits for it here."""
        self.performer.settle([request], dict)
        return self.memos[request.key]

    def run(self, request: Request) -> Ran:
        """Run the body of a step here and now."""
        ran = self.execute(request)
        self.check()
        return ran

    def execute(self, request: Request) -> Ran:
        """Call the body of a step, no longer than it may take."""
        limited = partial(self._call_limited, request) if request.work.timeout else None
        return run_body(request, self.attempt_of(request), limited, is_new=self.targets is None)

    def _call_limited(self, request: Request) -> Any:
        targets = self.targets or set()
        limited = Limited(request, leave=partial(targets.discard, request.key))
        with self.performer.watch(limited):
            return limited.call()

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
        """Return the memo of a step, and note that the call came by it; halt if it is of another kind."""
        known = self.kinds.get(request.key, request.op)
        if known != request.op and not {known, request.op} <= BODIES:
            raise self._halt(another_kind(request.title, known, request.op))
        memo = self.memos.get(request.key)
        cursor.read(is_known=request.key in self._met, rank=self.ranks.get(request.key, -1))
        return memo

    def learn(self, memos: Iterable[Memo]) -> None:
        """Remember results that were recorded during the call."""
        for memo in memos:
            self.memos[memo.key] = memo
            self.ranks.setdefault(memo.key, len(self.ranks))
            self.know(memo.key, memo.branch)
            self.opened.discard(memo.key)
        self.attempt = 0

    def abandon(self, keys: Iterable[str]) -> None:
        """Give up those of the steps that are planned."""
        needless = self.opened.intersection(keys)
        if needless:
            self.performer.abandon(sorted(needless))
            self.opened -= needless
            self.abandoned |= needless

    @cached_property
    def opened_below(self) -> Mapping[str, Collection[str]]:
        """The planned steps in and below each branch, as they were when this was first asked."""
        return by_path(self.opened, self._met)

    def _report(self, request: Request, cursor: Cursor) -> NoReturn:
        if request.key in self.abandoned:
            raise self._halt(given_up(request.title))
        is_target = cursor.intent is Intent.TARGET and request.key in (self.targets or ())
        if not is_target:
            signal = cursor.interrupt = Blocked([request])
            cursor.title = request.title
            raise signal
        with cursor.interruptible(request.title):
            self._run_target(request)
            raise Blocked([request])

    def _run_target(self, request: Request) -> None:
        assert self.targets is not None
        left = self.performer.keep(request, partial(self.run, request))
        self.targets.discard(request.key)
        self.targets.difference_update(left)
        if not self.targets:
            raise Targeted

    def cursor(self, title: str) -> Cursor:
        """Return where the calling code stands.

        Raises:
            Halted: a step or group cannot be called there; the message says why.
        """
        cursor = CURSOR.get()
        if cursor is None or cursor.tape is not self or self.is_closed or cursor.is_elsewhere:
            raise self._halt(outside(title))
        if cursor.intent is Intent.BODY:
            raise self._halt(nested(title, cursor.title))
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
