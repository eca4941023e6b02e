"""X: every order in which the statements of two or three actors can come, one after the other.

Each actor is a thread that stops before each thing it says to the database. A scheduler lets one of them go
at a time; who does not come to its next stop in time waits for a lock, and another goes. Depth first: an
order is played to its end, then the last choice is made otherwise, until there is none left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.campaigns.truth import UntrueError
from tests.invariants.actors import PATIENCE, Actor

LOCKED = 0.04  # seconds after which an actor is taken to wait for a lock
_LOOK = 0.0005

Acts = Sequence[Callable[[], Any]]


class Turnstile:
    """Where one actor stops before each thing it says."""

    def __init__(self) -> None:
        self.label = ""
        self.is_parked = threading.Event()
        self._let = threading.Semaphore(0)

    def hit(self, label: str, do: Callable[[], Any]) -> Any:
        """Stop until the scheduler lets go."""
        self.label = " ".join(label.split())[:100]
        self.is_parked.set()
        if not self._let.acquire(timeout=PATIENCE):
            raise AssertionError(f"nobody let go of {label}")
        return do()

    def let(self) -> None:
        """Have the actor go on to its next stop."""
        self.is_parked.clear()
        self._let.release()


@dataclass(slots=True)
class Order:
    """One order: who went at each step, of whom."""

    chosen: list[int] = field(default_factory=list)
    choices: list[list[int]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    was_locked: bool = False

    def others(self, fixed: int) -> list[list[int]]:
        """Return the beginnings of the orders next to this one, from a step on."""
        return [
            [*self.chosen[:step], other]
            for step in range(fixed, len(self.chosen))
            for other in self.choices[step]
            if other > self.chosen[step]
        ]


@dataclass(frozen=True, kw_only=True)
class Race:
    """Actors that meet.

    Args:
        name: for people.
        begin: makes the rows, and returns what the actors do.
        check: what must be so whoever was first.
        bears: errors with which an actor may end, because it lost.
    """

    name: str
    begin: Callable[[], Acts]
    check: Callable[[Sequence[Any]], None]
    bears: tuple[type[BaseException], ...] = ()


def explore(race: Race, most: int = 1_000_000) -> tuple[int, int, bool]:
    """Play all orders of a race; return how many, in how many somebody waited for a lock, and if it was all.

    Raises:
        UntrueError: in one of them something was lost or doubled; the message has the order.
    """
    stack: list[list[int]] = [[]]
    played = locked = 0
    while stack and played < most:
        beginning = stack.pop()
        order = _play(race, beginning)
        played += 1
        locked += order.was_locked
        stack += order.others(len(beginning))
    return played, locked, not stack


def _play(race: Race, beginning: list[int]) -> Order:
    order = Order()
    acts = race.begin()
    stiles = [Turnstile() for _ in acts]
    actors = [Actor(act, stile.hit) for act, stile in zip(acts, stiles, strict=True)]
    _schedule(order, beginning, actors, stiles)
    try:
        race.check([_end(race, actor) for actor in actors])
    except AssertionError as error:
        said = "\n".join(order.said)
        raise UntrueError(f"{race.name}, order {order.chosen}:\n{error}\n{said}") from error
    return order


def _schedule(
    order: Order, beginning: list[int], actors: list[Actor], stiles: list[Turnstile]
) -> None:
    give_up = time.monotonic() + PATIENCE
    for stile, actor in zip(stiles, actors, strict=True):
        _wait(stile, actor, LOCKED * 10)
    while any(actor.is_alive() for actor in actors) and time.monotonic() < give_up:
        ready = [n for n, stile in enumerate(stiles) if stile.is_parked.is_set()]
        if not ready:
            time.sleep(_LOOK)  # all wait for each other's locks: the database decides, in time
            continue
        step = len(order.chosen)
        wanted = beginning[step] if step < len(beginning) else ready[0]
        chosen = wanted if wanted in ready else ready[0]
        order.chosen.append(chosen)
        order.choices.append(ready)
        order.said.append(f"{chosen}: {stiles[chosen].label}")
        stiles[chosen].let()
        order.was_locked |= not _wait(stiles[chosen], actors[chosen], LOCKED)


def _wait(stile: Turnstile, actor: Actor, seconds: float) -> bool:
    """Wait until an actor has stopped or ended; False if it waits for a lock."""
    give_up = time.monotonic() + seconds
    while not stile.is_parked.is_set() and actor.is_alive():
        if time.monotonic() > give_up:
            return False
        time.sleep(_LOOK)
    return True


def _end(race: Race, actor: Actor) -> Any:
    try:
        return actor.end()
    except race.bears as error:
        return error
