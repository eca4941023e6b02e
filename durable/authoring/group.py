"""Parallel groups of steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, overload

from durable.authoring.argument import check_branches
from durable.authoring.many import Many, ManySync
from durable.authoring.race import Racing, RacingSync
from durable.errors import StepMisuseError
from durable.playback import waves
from durable.playback.call import StepCall
from durable.playback.gather import gather
from durable.playback.request import ParallelMode
from durable.playback.tape import Tape

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")

_NAME = "group.parallel"


class GroupSync(RacingSync, ManySync):
    """`ctx.group` of a sync function."""

    def __init__(self, tape: Tape, threads: int = 1) -> None:
        self._tape = tape
        self._threads = threads
        self.bare: Callable[..., Any] | None = None  # the method of a step

    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], A]],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], A], Callable[[], B]],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], A], Callable[[], B], Callable[[], C]],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], A], Callable[[], B], Callable[[], C], Callable[[], D]],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C, D]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], A], Callable[[], B], Callable[[], C], Callable[[], D], Callable[[], E]
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C, D, E]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], A],
            Callable[[], B],
            Callable[[], C],
            Callable[[], D],
            Callable[[], E],
            Callable[[], F],
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C, D, E, F]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], A], ...],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, ...]: ...
    def parallel(
        self, callables: tuple[Callable[[], Any], ...], parallel_mode: ParallelMode | None = None
    ) -> tuple[Any, ...]:
        """Run the branches at the same time and return their results in order.

        Args:
            callables: functions without arguments, each of which calls steps, one or several; or
                further groups.
            parallel_mode: WAIT goes on when all steps that were found have ended; RACE after each.

        Raises:
            StepError: of the first branch, in their order, that failed.
        """
        check_branches(_NAME, callables)
        mode = _mode(parallel_mode, self._tape)
        take = self._tape.take if all(map(self._is_bare, callables)) else None
        group = waves.Group(self._tape, callables, mode, self._threads, take=take)
        results: tuple[Any, ...] = group.run()
        return results

    def _is_bare(self, branch: Callable[[], Any]) -> bool:
        """Say whether a branch is one step and no code besides."""
        function = branch.func if isinstance(branch, partial) else None
        return self.bare is not None and getattr(function, "__func__", None) is self.bare


class Group(Racing, Many):
    """`ctx.group` of an async function: the same, awaited."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[A]]],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A]]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[A]], Callable[[], Awaitable[B]]],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A, B]]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]], Callable[[], Awaitable[B]], Callable[[], Awaitable[C]]
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A, B, C]]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]],
            Callable[[], Awaitable[B]],
            Callable[[], Awaitable[C]],
            Callable[[], Awaitable[D]],
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A, B, C, D]]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]],
            Callable[[], Awaitable[B]],
            Callable[[], Awaitable[C]],
            Callable[[], Awaitable[D]],
            Callable[[], Awaitable[E]],
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A, B, C, D, E]]: ...
    @overload
    def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]],
            Callable[[], Awaitable[B]],
            Callable[[], Awaitable[C]],
            Callable[[], Awaitable[D]],
            Callable[[], Awaitable[E]],
            Callable[[], Awaitable[F]],
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A, B, C, D, E, F]]: ...
    @overload
    def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[A]], ...],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[tuple[A, ...]]: ...
    def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[Any]], ...],
        parallel_mode: ParallelMode | None = None,
    ) -> StepCall[Any]:
        """Run the branches at the same time and return their results in order.

        Args and errors are those of the sync twin; the callables return awaitables.
        """
        check_branches(_NAME, callables)

        async def start() -> tuple[Any, ...]:
            return await gather(self._tape, callables, _mode(parallel_mode, self._tape))

        return self._tape.expect(_NAME, start)


def _mode(given: ParallelMode | str | None, tape: Tape) -> ParallelMode:
    if given is None:
        return tape.cursor("group.parallel").mode
    try:
        return ParallelMode(given)
    except ValueError:
        raise StepMisuseError(
            f"group.parallel: parallel_mode must be ParallelMode.WAIT or .RACE, not {given!r}."
        ) from None
