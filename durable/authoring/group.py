"""Parallel groups of steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from durable.errors import StepMisuseError
from durable.replay import waves
from durable.replay.gather import gather
from durable.replay.request import ParallelMode
from durable.replay.tape import Tape

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
E = TypeVar("E")
F = TypeVar("F")


class GroupSync:
    """`ctx.group` of a sync function."""

    def __init__(self, tape: Tape, threads: int = 1) -> None:
        self._tape = tape
        self._threads = threads

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
        _check(callables)
        mode = _mode(parallel_mode, self._tape)
        return waves.Group(self._tape, callables, mode, self._threads).run()


class Group:
    """`ctx.group` of an async function: the same, awaited."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape

    @overload
    async def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[A]]],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[A]], Callable[[], Awaitable[B]]],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]], Callable[[], Awaitable[B]], Callable[[], Awaitable[C]]
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]],
            Callable[[], Awaitable[B]],
            Callable[[], Awaitable[C]],
            Callable[[], Awaitable[D]],
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C, D]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[
            Callable[[], Awaitable[A]],
            Callable[[], Awaitable[B]],
            Callable[[], Awaitable[C]],
            Callable[[], Awaitable[D]],
            Callable[[], Awaitable[E]],
        ],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, B, C, D, E]: ...
    @overload
    async def parallel(
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
    ) -> tuple[A, B, C, D, E, F]: ...
    @overload
    async def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[A]], ...],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[A, ...]: ...
    async def parallel(
        self,
        callables: tuple[Callable[[], Awaitable[Any]], ...],
        parallel_mode: ParallelMode | None = None,
    ) -> tuple[Any, ...]:
        """Run the branches at the same time and return their results in order.

        Args and errors are those of the sync twin; the callables return awaitables.
        """
        _check(callables)
        return await gather(self._tape, callables, _mode(parallel_mode, self._tape))


def _mode(given: ParallelMode | str | None, tape: Tape) -> ParallelMode:
    if given is None:
        return tape.cursor("group.parallel").mode
    try:
        return ParallelMode(given)
    except ValueError:
        raise StepMisuseError(
            f"group.parallel: parallel_mode must be ParallelMode.WAIT or .RACE, not {given!r}."
        ) from None


def _check(callables: object) -> None:
    if not isinstance(callables, tuple | list):
        raise StepMisuseError(
            f"group.parallel takes a tuple of functions, not {type(callables).__name__}."
        )
    for number, branch in enumerate(callables):
        if not callable(branch):
            raise StepMisuseError(
                f"group.parallel: branch {number} is not a function but {branch!r:.80}. "
                "Wrap the step: lambda: ctx.step.run(…), or functools.partial."
            )
