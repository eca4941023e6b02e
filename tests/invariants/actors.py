"""Threads that are workers: each with its own connection, and stopped where a test wants it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from traceback import clear_frames
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from tests.invariants.seam import Hit, seen

PATIENCE = 30.0  # seconds after which something hangs
BLOCKED = 0.25  # seconds after which somebody is taken to wait for a lock
BRIEFLY = 0.02  # the same, where it is almost certain


class Gate:
    """Stops whoever passes at one statement or commit, until it is opened.

    Args:
        stop_at: the number of that statement, from 1.
    """

    def __init__(self, stop_at: int) -> None:
        self.stop_at = stop_at
        self.trace: list[str] = []
        self.reached = threading.Event()
        self.opened = threading.Event()
        self.holds_the_database = False

    def hit(self, label: str, do: Callable[[], Any]) -> Any:
        """Note the statement, and wait if it is the one."""
        self.trace.append(label)
        if len(self.trace) == self.stop_at:
            connection = connections[DEFAULT_DB_ALIAS]
            self.holds_the_database = connection.in_atomic_block and connection.vendor == "sqlite"
            self.reached.set()
            if not self.opened.wait(PATIENCE):
                raise AssertionError(f"nobody opened the gate at {label}")
        return do()


class Actor(threading.Thread):
    """Does one thing on a connection of its own."""

    def __init__(self, do: Callable[[], Any], hit: Hit | None = None) -> None:
        super().__init__(daemon=True)
        self.do = do
        self.hit = hit
        self.result: Any = None
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            with seen(self.hit) if self.hit else nullcontext():
                self.result = self.do()
        except BaseException as error:  # noqa: BLE001 - it is raised where the actor is joined
            self.error = error
            let_go(error)
        finally:
            connections.close_all()

    def end(self) -> Any:
        """Wait for it; return what it returned, or raise what it raised."""
        self.join(PATIENCE)
        if self.is_alive():
            raise AssertionError("an actor hangs")
        if self.error is not None:
            raise self.error
        return self.result


def let_go(error: BaseException | None) -> None:
    """Forget the cursors in the frames of an error: on SQLite they hold the transaction open."""
    while error is not None:
        clear_frames(error.__traceback__)
        error = error.__context__


def together(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all at the same moment; return the results in order."""
    start = threading.Barrier(len(calls))

    def at_once(call: Callable[[], Any]) -> Any:
        connections[DEFAULT_DB_ALIAS].ensure_connection()
        start.wait(PATIENCE)
        return call()

    actors = [Actor(lambda call=call: at_once(call)) for call in calls]  # type: ignore[misc]
    return [actor.end() for actor in actors]


def preempted(
    first: Callable[[], Any],
    second: Callable[[], Any],
    stop_at: int,
    before_resuming: Callable[[], Any] = lambda: None,
) -> tuple[Any, Any, str] | None:
    """Stop `first` at a statement, have `second` do its work meanwhile, let `first` go on.

    If `second` needs a lock that `first` holds, `first` goes on at once.

    Returns:
        Both results and the statement; None if `first` has fewer statements than that.
    """
    gate = Gate(stop_at)
    a = Actor(first, gate.hit)
    while not gate.reached.wait(0.002):
        if not a.is_alive():
            a.end()
            return None
    b = Actor(second)
    b.join(BRIEFLY if gate.holds_the_database else BLOCKED)
    before_resuming()
    gate.opened.set()
    results = a.end(), b.end()
    return *results, gate.trace[stop_at - 1]
