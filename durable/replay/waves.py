"""Parallel groups in sync functions: find what every branch needs, have it done, look again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from typing import Any

from durable.errors import StepMisuseError
from durable.replay.cursor import CURSOR, Cursor, Intent
from durable.replay.interrupt import Blocked, Halted, Interrupt, Targeted
from durable.replay.request import ParallelMode, Request
from durable.replay.tape import Tape, swallowed
from durable.replay.threads import in_threads

Branches = Sequence[Callable[[], Any]]


class Group:
    """One parallel group during one call of the function.

    Args:
        tape: the run's.
        branches: called in order; each contributes its first unfinished step.
        mode: how the group moves on.
        threads: branches whose steps may run at the same time in this process.
    """

    def __init__(
        self, tape: Tape, branches: Branches, mode: ParallelMode, threads: int = 1
    ) -> None:
        self.tape = tape
        self.branches = branches
        self.mode = mode
        self.threads = threads
        self.parent = tape.cursor("group.parallel")
        self.ends: dict[int, Cursor] = {}  # how the last call of each branch left its cursor
        self.holders: dict[str, int] = {}  # which branch asked for a step
        self.errors: dict[int, Exception] = {}  # what a branch raised before its target

    def run(self) -> tuple[Any, ...]:
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
            self.parent.branches |= {str(n): end for n, end in self.ends.items()}

    def _drive(self) -> tuple[Any, ...]:
        """Settle wave after wave until every branch has its result."""
        while True:
            results, requests = self._discover()
            if not requests:
                return results
            self.tape.performer.settle(requests, self._run_targets)

    def _report(self) -> tuple[Any, ...]:
        """A group within a branch: hand its needs to the outer group."""
        results, requests = self._discover()
        if requests:
            raise Blocked(requests)
        return results

    def _discover(self) -> tuple[tuple[Any, ...], list[Request]]:
        results: list[Any] = []
        requests: list[Request] = []
        for number in range(len(self.branches)):
            value, asked = self._call(number, Intent.DISCOVER)
            results.append(value)
            requests += asked
            self.holders |= {request.key: number for request in asked}
        return tuple(results), requests

    def _serve_targets(self) -> tuple[Any, ...]:
        """A targeted call has come to this group: run what it was made for."""
        if self.threads > 1 and not self.parent.branch:
            self._find_holders()
            self._run_targets()
            if not self.tape.targets:
                raise Targeted
        for number in self._holding_branches():
            self._call_for_target(number)
        if not self.tape.targets:
            raise Targeted
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
        own = self.parent.path("")
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

    def _call(self, number: int, intent: Intent) -> tuple[Any, Sequence[Request]]:
        """Call one branch; return its value, or the steps it needs first."""
        cursor = self.parent.fork(str(number), intent, self.mode)
        self.ends[number] = cursor
        token = CURSOR.set(cursor)
        try:
            value = self.branches[number]()
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
                f"group.parallel: branch {number} is a coroutine function, but the function is not "
                "async. Make the function async def, or the branch a plain function."
            )
        return value, ()
