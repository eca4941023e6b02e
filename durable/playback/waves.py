"""Parallel groups in sync functions: find what every branch needs, have it done, look again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from threading import get_ident
from typing import Any

from durable.errors import StepMisuseError
from durable.playback.cursor import CURSOR, Cursor, Intent
from durable.playback.interrupt import Blocked, Halted, Interrupt, Stepped, Targeted
from durable.playback.misuse import swallowed
from durable.playback.request import ParallelMode, Request
from durable.playback.tape import Tape
from durable.playback.threads import in_threads

Branches = Sequence[Callable[[], Any]]


class Group:
    """One parallel group during one call of the function.

    Args:
        tape: the run's.
        branches: called in order; each contributes its first unfinished step.
        mode: how the group moves on.
        threads: branches whose steps may run at the same time in this process.
        take: takes the step of a branch, if none of them is more than one step; else calling one twice
            may tell.
    """

    prefix = ""  # of the branches' names
    title = "group.parallel"

    def __init__(
        self,
        tape: Tape,
        branches: Branches,
        mode: ParallelMode,
        threads: int = 1,
        *,
        take: Callable[[Request], Any] | None = None,
    ) -> None:
        self.tape = tape
        self.branches = branches
        self.mode = mode
        self.threads = threads
        self.take = take
        self.parent = tape.cursor(self.title)
        self.number = self.parent.next_group()
        self.ends: dict[int, Cursor] = {}  # how the last call of each branch left its cursor
        self.holders: dict[str, int] = {}  # which branch asked for a step
        self.bare: dict[int, Callable[[], Any]] = {}  # takes the only step of a branch
        self.errors: dict[int, Exception] = {}  # what a branch raised before its target

    @property
    def has_code(self) -> bool:
        """Whether a branch may be more than one step."""
        return self.take is None

    def run(self) -> Any:
        """Return the branches' results in order, or raise the signal that ends the call."""
        try:
            if self.parent.intent is Intent.LIVE:
                return self._drive()
            if self.parent.intent is Intent.TARGET:
                return self._serve_targets()
            return self._report()
        except Interrupt as signal:
            self.parent.interrupt = signal
            self.parent.title = next((e.title for e in self.ends.values() if e.title), "")
            raise
        finally:
            self.parent.branches |= {self.child(n): end for n, end in self.ends.items()}

    def _drive(self) -> Any:
        """Settle what the branches ask for, until each has its result."""
        while True:
            decisions = self.tape.decisions
            results, requests = self._discover()
            if not requests and self.tape.decisions > decisions:
                raise Stepped  # later calls of the function will not call the losers
            if not requests:
                return results
            self.tape.performer.settle(requests, self._run_targets, has_code=self.has_code)
            if self.has_code:
                # Another call of a branch would meet in its closure what this one left there.
                raise Stepped

    def _report(self) -> Any:
        """A group within a branch: hand its needs to the outer group."""
        results, requests = self._discover()
        if requests:
            raise Blocked(requests)
        return results

    def _discover(self) -> tuple[tuple[Any, ...], list[Request]]:
        results: list[Any] = []
        requests: list[Request] = []
        errors: list[Exception] = []
        for number in range(len(self.branches)):
            try:
                value, asked = self._call(number, Intent.DISCOVER)
            except Exception as error:
                if self.mode is ParallelMode.RACE or not self.tape.opened:
                    raise
                errors.append(error)
                continue
            results.append(value)
            requests += asked
            if self.take and asked:
                self.bare[number] = partial(self.take, asked[0])
            self.holders |= {request.key: number for request in asked}
        if not errors:
            return tuple(results), requests
        # In WAIT the steps beside a failed one are finished first.
        unfinished = [r for r in requests if r.key in self.tape.opened and r.mode is self.mode]
        if not unfinished:
            raise errors[0]
        return (), unfinished

    def _serve_targets(self) -> Any:
        """A targeted call has come to this group: run what it was made for."""
        if self.threads > 1 and not self.parent.branch:
            self._find_holders()
            self._run_targets()
            if not self.tape.targets:
                raise Targeted
        if not self.has_code:
            for number in self._holding_branches():
                self._call_for_target(number)
            if not self.tape.targets:
                raise Targeted
        # Each once and in order, as when the steps were found: a branch may take from what they share.
        results: list[Any] = []
        errors: list[Exception] = []
        for number in range(len(self.branches)):
            try:
                results.append(self._call(number, Intent.TARGET)[0])
            except Exception as error:  # noqa: BLE001 - raised below
                errors.append(error)  # the targets may lie in the branches behind it
        if errors:
            raise errors[0]
        if any(end.interrupt for end in self.ends.values()):
            raise Blocked
        return tuple(results)

    def _holding_branches(self) -> list[int]:
        """The branches in which targets stand, by their recorded paths."""
        own = self.parent.path(self.prefix)
        paths = {path[len(own) :] for path in self.tape.target_branches if path.startswith(own)}
        numbers = {path.split(".")[0] for path in paths}
        return sorted(int(n) for n in numbers if n.isdigit() and int(n) < len(self.branches))

    def _find_holders(self) -> None:
        for number in range(len(self.branches)):
            with suppress(Exception):
                _, asked = self._call(number, Intent.DISCOVER)
                self.holders |= {request.key: number for request in asked}

    def _run_targets(self) -> Mapping[str, Exception]:
        """Run those targets of the tape that branches of this group hold."""
        targets = self.tape.targets or set()
        self.errors.clear()
        numbers = sorted({self.holders[key] for key in targets if key in self.holders})
        calls = [partial(copy_context().run, self._call_for_target, n) for n in numbers]
        in_threads(calls, self.threads, self.tape.performer.thread)
        self.tape.check()
        missed = {key: self.holders.get(key, -1) for key in self.tape.targets or ()}
        return {key: self.errors[n] for key, n in missed.items() if n in self.errors}

    def _call_for_target(self, number: int) -> None:
        with suppress(Targeted):
            try:
                self._call(number, Intent.TARGET)
            except Exception as error:  # noqa: BLE001 - a failed try of the branch's target
                self.errors[number] = error

    def child(self, number: int) -> str:
        """Return the name of a branch."""
        return f"{self.prefix}{number}"

    def _begin(self, number: int, intent: Intent) -> Cursor:
        if number in self.bare:
            cursor = self.ends[number]
            cursor.intent, cursor.interrupt, cursor.thread = intent, None, get_ident()
            return cursor
        cursor = self.parent.fork(self.child(number), intent, self.mode, self.number)
        self.ends[number] = cursor
        return cursor

    def _call(self, number: int, intent: Intent) -> tuple[Any, Sequence[Request]]:
        """Call one branch; return its value, or the steps it needs first."""
        cursor = self._begin(number, intent)
        token = CURSOR.set(cursor)
        try:
            value = self.bare.get(number, self.branches[number])()
        except Blocked as blocked:
            # Kept on the cursor, it would keep every frame of the branch alive.
            blocked.__traceback__ = blocked.__context__ = None
            return None, blocked.requests
        finally:
            CURSOR.reset(token)
        if cursor.interrupt is not None:
            self.tape.misuse = swallowed(cursor.title, "and went on")
            raise Halted(self.tape.misuse)
        if inspect.iscoroutine(value):
            value.close()
            raise StepMisuseError(
                f"{self.title}: branch {number} is a coroutine function, but the function is not "
                "async. Make the function async def, or the branch a plain function."
            )
        return value, ()
