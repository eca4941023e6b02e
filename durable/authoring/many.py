"""One function over many items: `ctx.group.map`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Any, TypeVar, overload

from durable.authoring import asks
from durable.errors import StepMisuseError
from durable.playback.body import is_coroutine_function
from durable.playback.call import StepCall
from durable.playback.gather import gather
from durable.playback.memo import Memo
from durable.playback.request import ParallelMode, Work
from durable.playback.tape import Tape
from durable.playback.waves import Group

A = TypeVar("A")
B = TypeVar("B")

CHUNKS = 100  # into which items are cut at most, if no size is given

Chunk = tuple[str, Work]


class ManySync:
    """The maps of a sync function."""

    _tape: Tape
    _threads: int

    def map(
        self,
        step_id: str,
        fn: Callable[[A], B],
        items: Iterable[A],
        *,
        size: int | None = None,
        max_parallel: int | None = None,
    ) -> list[B]:
        """Call `fn` with each item, in chunks that run at the same time; return the results in order.

        A chunk is one step, named after its items: "resize[0:50]". It is tried again as a whole, so
        what `fn` does for one item must bear being done again.

        Args:
            step_id: names the steps within the run.
            fn: a plain function of one item; its results must be plain JSON.
            items: the same in each call of the function: of its event, or of a step's result.
            size: items of one chunk; if left out, so many that there are 100 chunks at most.
            max_parallel: chunks that run at the same time; the next ones begin when these have ended.
                All at once, if left out.

        Raises:
            StepError: of the first chunk, in order, that failed. Its message names the item.
        """
        if is_coroutine_function(fn):
            raise StepMisuseError(
                f"group.map {step_id!r}: fn is a coroutine function, but the function is not async. "
                "Make the function async def, or give a plain fn."
            )
        memos: list[Memo] = []
        for chunks in _rounds(step_id, partial(_each, fn), items, size, max_parallel):
            steps = [partial(self._take, *chunk) for chunk in chunks]
            take = self._tape.take_memo
            group = Group(self._tape, steps, ParallelMode.WAIT, self._threads, take=take)
            memos += group.run()
        return list(chain.from_iterable(memo.value() for memo in memos))

    def _take(self, name: str, work: Work) -> Memo:
        return self._tape.take_memo(self._tape.request(name, work))


class Many:
    """The maps of an async function: the same, awaited."""

    _tape: Tape

    @overload
    def map(
        self,
        step_id: str,
        fn: Callable[[A], Awaitable[B]],
        items: Iterable[A],
        *,
        size: int | None = None,
        max_parallel: int | None = None,
    ) -> StepCall[list[B]]: ...
    @overload
    def map(
        self,
        step_id: str,
        fn: Callable[[A], B],
        items: Iterable[A],
        *,
        size: int | None = None,
        max_parallel: int | None = None,
    ) -> StepCall[list[B]]: ...
    def map(
        self,
        step_id: str,
        fn: Callable[[Any], Any],
        items: Iterable[Any],
        *,
        size: int | None = None,
        max_parallel: int | None = None,
    ) -> StepCall[list[Any]]:
        """Call `fn` with each item, in chunks that run at the same time; return the results in order.

        As the sync twin does. Within a chunk a coroutine function is awaited for one item after the
        other; a plain one is called outside of the event loop and may use the ORM.
        """
        body = partial(_aeach if is_coroutine_function(fn) else _each, fn)
        rounds = list(_rounds(step_id, body, items, size, max_parallel))

        async def start() -> list[Any]:
            results: list[Any] = []
            for chunks in rounds:
                steps = [partial(self._tape.call, *chunk) for chunk in chunks]
                results += await gather(self._tape, steps, ParallelMode.WAIT)
            return list(chain.from_iterable(results))

        return self._tape.expect(f"group.map {step_id!r}", start)


def _rounds(
    step_id: str,
    body: partial[Any],
    items: Iterable[Any],
    size: int | None,
    max_parallel: int | None,
) -> Iterator[list[Chunk]]:
    """Cut the items into chunks, and these into what runs at the same time."""
    where = f"group.map {step_id!r}"
    asks.check_id(step_id)
    if not callable(body.args[0]):
        raise StepMisuseError(f"{where}: fn must be a function of one item.")
    todo = _listed(where, items)
    size = _count(where, "size", size, -(-len(todo) // CHUNKS) or 1)
    at_once = _count(where, "max_parallel", max_parallel, len(todo) or 1)
    chunks = [
        _chunk(step_id, body, first, todo[first : first + size])
        for first in range(0, len(todo), size)
    ]
    return (chunks[first : first + at_once] for first in range(0, len(chunks), at_once))


def _chunk(step_id: str, body: partial[Any], first: int, items: Sequence[Any]) -> Chunk:
    name = f"{step_id}[{first}:{first + len(items)}]"
    asks.check_id(name)
    return name, Work(body, (first, items), each=body.args[0])


def _listed(where: str, items: Iterable[Any]) -> list[Any]:
    if isinstance(items, set | frozenset | Mapping):
        raise StepMisuseError(
            f"{where}: items must have an order that is the same in every process, and a "
            f"{type(items).__name__} has none that you chose. Write sorted(…) or list(….items())."
        )
    try:
        return list(items)
    except TypeError:
        raise StepMisuseError(
            f"{where}: items must be a list or the like, not {items!r:.80}."
        ) from None


def _count(where: str, name: str, given: object, default: int) -> int:
    if given is None:
        return default
    if isinstance(given, bool) or not isinstance(given, int) or given < 1:
        raise StepMisuseError(f"{where}: {name} must be 1 or more, not {given!r}.")
    return given


def _each(fn: Callable[[Any], Any], first: int, items: Sequence[Any]) -> list[Any]:
    """Be the body of a chunk."""
    results = []
    for number, item in enumerate(items, first):
        try:
            results.append(fn(item))
        except Exception as error:
            error.add_note(f"item {number}")
            raise
    return results


async def _aeach(fn: Callable[[Any], Any], first: int, items: Sequence[Any]) -> list[Any]:
    results = []
    for number, item in enumerate(items, first):
        try:
            results.append(await fn(item))
        except Exception as error:
            error.add_note(f"item {number}")
            raise
    return results
