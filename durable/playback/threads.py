"""A few calls at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Event, Thread

Call = Callable[[], object]
Surround = Callable[[], AbstractContextManager[None]]


class Mate(Thread):
    """A thread of a crew. One that hangs may be left behind: nobody waits for it any more."""

    def __init__(self, work: Callable[[Mate], object]) -> None:
        super().__init__(target=work, args=(self,), name="durable-crew", daemon=True)
        self.is_left = False
        self.over = Event()

    def run(self) -> None:
        """Work, and say when that is over."""
        try:
            super().run()
        finally:
            self.over.set()

    def leave_behind(self) -> None:
        """Have nobody wait for it; what it still does is ignored."""
        self.is_left = True
        self.over.set()


def in_threads(calls: Sequence[Call], threads: int, surround: Surround) -> None:
    """Make the calls, at most `threads` at a time; raise the first exception when all have ended.

    One whose thread is left behind counts as ended.
    """
    if _is_serial or threads < 2 or len(calls) < 2:
        for call in calls:
            call()
        return
    todo = deque(calls)
    errors: list[BaseException] = []
    work = partial(_work, todo, errors, surround)
    crew = [Mate(work) for _ in range(min(threads, len(calls)))]
    for mate in crew:
        mate.start()
    for mate in crew:
        mate.over.wait()
        if mate.is_left and todo:
            crew.append(Mate(work))  # waited for in its turn
            crew[-1].start()
    if errors:
        raise errors[0]


def _work(todo: deque[Call], errors: list[BaseException], surround: Surround, mate: Mate) -> None:
    with surround():
        while not mate.is_left and (call := _next(todo)) is not None:
            try:
                call()
            except BaseException as error:  # noqa: BLE001 - signals too are raised above
                if not mate.is_left:
                    errors.append(error)


@contextmanager
def serially() -> Iterator[None]:
    """Make calls one after the other, in the thread that asks for them. For tests."""
    global _is_serial
    before, _is_serial = _is_serial, True
    try:
        yield
    finally:
        _is_serial = before


_is_serial = False


def _next(todo: deque[Call]) -> Call | None:
    try:
        return todo.popleft()
    except IndexError:
        return None
