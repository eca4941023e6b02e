"""The thread that sees to it that bodies of steps do not take longer than they may."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from durable.playback.awaited import GRACE
from durable.playback.limited import Limited

logger = logging.getLogger("durable.engine")

AGAIN = 0.5  # seconds until a body is interrupted once more that went on


@dataclass(slots=True, eq=False)
class Watch:
    """One body that is watched: interrupted when it is due, again and again, then given up."""

    limited: Limited
    give_up: Callable[[], object]
    due: float = field(init=False)
    is_hopeless: bool = False

    def __post_init__(self) -> None:
        self.due = self.limited.begun + self.limited.seconds

    def act(self) -> None:
        """Do what is due."""
        if self.is_hopeless:
            threading.Thread(target=self.give_up, name="durable-time-out", daemon=True).start()
            return
        self.limited.interrupt()
        end = self.limited.begun + self.limited.seconds + GRACE
        self.due = min(time.monotonic() + AGAIN, end)
        self.is_hopeless = self.due == end


class Watchdog:
    """Watches the bodies of one process. Its thread starts with the first of them."""

    def __init__(self) -> None:
        self._watches: list[Watch] = []
        self._changed = threading.Condition()
        self._started_in: int | None = None

    @contextmanager
    def watching(self, limited: Limited, give_up: Callable[[], object]) -> Iterator[None]:
        """Watch a body while the block is executed; `give_up` is called if it cannot be interrupted."""
        watch = Watch(limited, give_up)
        with self._changed:
            self._start()
            self._watches.append(watch)
            self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                if watch in self._watches:
                    self._watches.remove(watch)

    def _start(self) -> None:
        if self._started_in != os.getpid():
            self._started_in = os.getpid()
            self._watches.clear()
            threading.Thread(target=self._run, name="durable-watchdog", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._changed:
                watch = self._next()
                if watch.is_hopeless:
                    self._watches.remove(watch)
            try:
                watch.act()
            except Exception:
                logger.exception("a body that takes too long could not be dealt with")

    def _next(self) -> Watch:
        """Wait for the first that is due."""
        while True:
            first = min(self._watches, key=lambda watch: watch.due, default=None)
            wait = None if first is None else first.due - time.monotonic()
            if first is not None and wait is not None and wait <= 0:
                return first
            self._changed.wait(wait)


watchdog = Watchdog()
