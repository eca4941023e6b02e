"""What faults strike, and where it is written down that they did."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from django.db import DatabaseError, InterfaceError, connection

from tests.acceptance.web import Web
from tests.campaigns.chaos.messenger import Redis
from tests.campaigns.chaos.network import Network
from tests.campaigns.chaos.nodes import Node
from tests.campaigns.chaos.recovery import Recovery
from tests.campaigns.chaos.server import Server


class ImpossibleError(Exception):
    """Nobody is there at the moment who could be struck so."""


@dataclass(slots=True, kw_only=True)
class Scene:
    """Everything that can be struck.

    Args:
        nodes: the machines.
        site: the process of the API.
        draw: of what, whom and when.
        network: between the machines and the database, if that is one with a network.
        server: of the database, if it may be struck.
        redis: the broker of one machine, if there is a Redis here.
        disk: the folder of a disk that is small, if there is one.
        recovery: of those who were struck.
        counts: by what was done.
        log: seconds since the beginning, and what was done.
    """

    nodes: list[Node]
    site: Web
    draw: random.Random
    network: Network | None = None
    server: Server | None = None
    redis: Redis | None = None
    disk: Path | None = None
    recovery: Recovery = field(default_factory=Recovery)
    counts: Counter[str] = field(default_factory=Counter)
    log: list[tuple[float, str]] = field(default_factory=list)
    _later: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    def note(self, what: str, about: object = "") -> None:
        """Count a fault, and write it down."""
        self.counts[what] += 1
        self.log.append((round(time.monotonic() - self._begun, 2), f"{what} {about}".strip()))

    def node(self) -> Node:
        """Draw a machine."""
        return self.draw.choice(self.nodes)

    def one(self, pids: Collection[int]) -> int:
        """Draw a process.

        Raises:
            ImpossibleError: there is none.
        """
        if not pids:
            raise ImpossibleError
        return self.draw.choice(sorted(pids))

    def later(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something in so many seconds, such as the end of a fault."""
        heapq.heappush(self._later, (time.monotonic() + seconds, len(self.log), do))

    def aside(self, play: Callable[[], None]) -> None:
        """Do something that takes long on a session of its own; that may be struck, too."""
        thread = threading.Thread(target=_forgiven, args=[play], daemon=True)
        self._threads.append(thread)
        thread.start()

    def tend(self) -> None:
        """Do what has become due, and start again who has ended."""
        while self._later and self._later[0][0] <= time.monotonic():
            heapq.heappop(self._later)[2]()
        for node in self.nodes:
            node.tend()
        if self.site.has_ended:
            self.site.launch()

    def end(self) -> None:
        """Have all faults come to their end now."""
        while self._later:
            heapq.heappop(self._later)[2]()
        for thread in self._threads:
            thread.join(90)


def _forgiven(play: Callable[[], None]) -> None:
    try:
        play()
    except (DatabaseError, InterfaceError):
        pass
    finally:
        connection.close()
