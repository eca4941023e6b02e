"""The engine, as the replay sees it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from durable.playback.body import Ran
from durable.playback.interrupt import Parked
from durable.playback.limited import Limited
from durable.playback.memo import Memo
from durable.playback.request import Request

# Runs the tape's targets; says which of them an error of the code before them kept from running.
RunTargets = Callable[[], Mapping[str, Exception]]


class Performer(Protocol):
    """What runs, records and plans steps."""

    def asked(self, request: Request) -> Request:
        """Say what is to be done for a step call: what it asks for, or what a test has put in its place."""

    def admit(self, requests: Sequence[Request]) -> None:
        """Raise if these steps may not start: a limit is reached, or the run is no longer ours."""

    def record(self, done: Sequence[Ran]) -> list[Memo | Parked]:
        """Record steps that ran in place; say for each what is remembered, or that it is to be retried."""

    def perform(self, request: Request, run: Callable[[], Ran]) -> Memo | Parked:
        """Run a step in place, and record it; say what is remembered, or that it is to be retried."""

    def keep(self, request: Request, run: Callable[[], Ran]) -> Collection[str]:
        """Run a planned step; it is recorded with its batch.

        Returns:
            Keys of targets that are not to be run here any more.
        """

    def watch(self, limited: Limited) -> AbstractContextManager[None]:
        """Surround a body that may not take too long; have it interrupted when its time is over."""

    def plan(self, requests: Sequence[Request]) -> None:
        """Plan steps that end without this process, and go on."""

    def settle(
        self, requests: list[Request], run_targets: RunTargets, *, has_code: bool = False
    ) -> None:
        """Plan a wave; return when it has joined and the tape knows its memos, or raise Parked.

        With `has_code` the code around the steps was called to find them, and what it left in the
        function's variables is in the way of another call: steps run in a call of the function for
        themselves, rather than by `run_targets` in this one.
        """

    def abandon(self, keys: Collection[str]) -> None:
        """Give up planned steps that nobody needs any more."""

    def look(self) -> list[Memo]:
        """End planned steps that have come due; return what has ended elsewhere since the last look."""

    def send(self, events: list[Any]) -> list[str]:
        """Send events, in the transaction of the step that does so; return their ids."""

    def rest(self) -> None:
        """Park until one of the planned steps has ended; always raises Parked."""

    def thread(self) -> AbstractContextManager[None]:
        """Surround the work of one thread beside the run's own."""
