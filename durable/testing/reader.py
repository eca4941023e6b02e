"""The performer of a replay from an exported run: it runs nothing, and notes what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, NoReturn

from durable.playback.body import Ran
from durable.playback.interrupt import Parked
from durable.playback.limited import Limited
from durable.playback.memo import Memo
from durable.playback.performer import RunTargets
from durable.playback.request import ParallelMode, Request
from durable.playback.tape import Tape
from durable.testing.history import History
from durable.testing.stub import in_place_of


def _nothing() -> None:
    """Be the body of a step that is not run."""


class Reader:
    """Answers each step from the history; where that ends, the call does.

    Args:
        history: of the run.
    """

    tape: Tape

    def __init__(self, history: History) -> None:
        self.history = history
        self.requests: dict[str, Request] = {}  # what the code asked for, in that order

    def asked(self, request: Request) -> Request:
        """Note a step call, and have it do nothing."""
        self.requests.setdefault(request.key, request)
        return replace(request, what=in_place_of(request.what, _nothing))

    def admit(self, requests: Sequence[Request]) -> None:
        """Let every step start."""

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Answer what was recorded."""
        return [self._answer(ran.request) for ran in done]

    def perform(self, request: Request, run: Callable[[], Ran]) -> Memo | Parked:
        """Answer what was recorded."""
        return self._answer(request)

    def keep(self, request: Request, run: Callable[[], Ran]) -> Collection[str]:
        """Never asked for: nothing has targets."""
        raise AssertionError("a replay has no targets")

    def plan(self, requests: Sequence[Request]) -> None:
        """Never asked for: each step has a body that does nothing."""
        raise AssertionError("a replay plans nothing")

    def watch(self, limited: Limited) -> AbstractContextManager[None]:
        """Limit nothing: no body runs."""
        return nullcontext()

    def abandon(self, keys: Collection[str]) -> None:
        """Note nothing: what was given up is known from the history."""

    def look(self) -> list[Memo]:
        """Never asked for: nobody else is at work."""
        raise AssertionError("a replay does not look around")

    def settle(
        self, requests: list[Request], run_targets: RunTargets, *, has_code: bool = False
    ) -> None:
        """Remember a wave; in RACE the step of it that ended first."""
        keys = {request.key for request in requests}
        known = [memo for key, memo in self.history.memos.items() if key in keys]
        is_race = any(request.mode is ParallelMode.RACE for request in requests)
        if not known or (len(known) < len(keys) and not is_race):
            self.rest()
        self.tape.learn(known[:1] if is_race else known)

    def send(self, events: list[Any]) -> list[str]:
        """Never asked for: it would be the body of a step."""
        raise AssertionError("a replay sends nothing")

    def rest(self) -> NoReturn:
        """End the call: the run was here when it was exported, or never."""
        raise Parked(0.0)

    def thread(self) -> AbstractContextManager[None]:
        """Surround nothing."""
        return nullcontext()

    def _answer(self, request: Request) -> Memo | Parked:
        return self.history.memos.get(request.key) or Parked(0.0)
