"""Races: `ctx.group.race`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, overload

from durable.authoring.argument import check_branches
from durable.playback import gather
from durable.playback.call import StepCall
from durable.playback.race import Race
from durable.playback.tape import Tape

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")

_NAME = "group.race"


class RacingSync:
    """The races of a sync function."""

    _tape: Tape

    @overload
    def race(self, callables: tuple[Callable[[], A], Callable[[], B]]) -> A | B: ...
    @overload
    def race(
        self, callables: tuple[Callable[[], A], Callable[[], B], Callable[[], C]]
    ) -> A | B | C: ...
    @overload
    def race(
        self,
        callables: tuple[Callable[[], A], Callable[[], B], Callable[[], C], Callable[[], D]],
    ) -> A | B | C | D: ...
    @overload
    def race(self, callables: tuple[Callable[[], A], ...]) -> A: ...
    def race(self, callables: tuple[Callable[[], Any], ...]) -> Any:
        """Run the branches at the same time and return the result of the first that finishes.

        Who was first is remembered. Steps of the others that have not begun never will; results of
        those that have are ignored.

        Args:
            callables: functions without arguments, each of which calls steps, one or several; or
                further groups.

        Raises:
            Exception: what the first branch to finish raised, such as the StepError of its step.
        """
        check_branches(_NAME, callables, at_least=1)
        return Race(self._tape, callables).run()


class Racing:
    """The races of an async function: the same, awaited."""

    _tape: Tape

    @overload
    def race(
        self, callables: tuple[Callable[[], Awaitable[A]], Callable[[], Awaitable[B]]]
    ) -> StepCall[A | B]: ...
    @overload
    def race(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]], Callable[[], Awaitable[B]], Callable[[], Awaitable[C]]
        ],
    ) -> StepCall[A | B | C]: ...
    @overload
    def race(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]],
            Callable[[], Awaitable[B]],
            Callable[[], Awaitable[C]],
            Callable[[], Awaitable[D]],
        ],
    ) -> StepCall[A | B | C | D]: ...
    @overload
    def race(self, callables: tuple[Callable[[], Awaitable[A]], ...]) -> StepCall[A]: ...
    def race(self, callables: tuple[Callable[[], Awaitable[Any]], ...]) -> StepCall[Any]:
        """Run the branches at the same time and return the result of the first that finishes.

        As the sync twin does; the callables return awaitables. The tasks of the others are cancelled.
        """
        check_branches(_NAME, callables, at_least=1)
        return self._tape.expect(_NAME, partial(gather.race, self._tape, callables))
