"""A few calls at the same time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Thread

Call = Callable[[], object]


def in_threads(
    calls: Sequence[Call], threads: int, surround: Callable[[], AbstractContextManager[None]]
) -> None:
    """Make the calls, at most `threads` at a time; raise the first exception when all have ended."""
    if threads < 2 or len(calls) < 2:
        for call in calls:
            call()
        return
    todo = deque(calls)
    errors: list[BaseException] = []

    def work() -> None:
        with surround():
            while (call := _next(todo)) is not None:
                try:
                    call()
                except BaseException as error:  # noqa: BLE001 - signals too are raised below
                    errors.append(error)

    crew = [Thread(target=work, daemon=True) for _ in range(min(threads, len(calls)))]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    if errors:
        raise errors[0]


def _next(todo: deque[Call]) -> Call | None:
    try:
        return todo.popleft()
    except IndexError:
        return None
