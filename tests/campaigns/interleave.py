"""X: every order in which the statements of two or three actors can come, one after the other.

Each actor is a thread that stops before each thing it says to the database. A scheduler lets one of them go
at a time; who waits for a lock has not come to its next stop, and another goes. Depth first: an order is played
to its end, then the last choice is made otherwise, until there is none left.

Of orders that differ only in which of two statements came first that have nothing to do with each other
(`footprint`), one is played: an actor that could have gone before, and whose next statement nothing since has
met, sleeps. These are sleep sets, and they leave out no outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.campaigns.order import Beginning, Order, Turnstile
from tests.campaigns.scheduler import Scheduler
from tests.campaigns.truth import UntrueError
from tests.invariants.actors import Actor

Acts = Sequence[Callable[[], Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explored:
    """What came of a race.

    Args:
        played: orders that were played.
        locked: of these, orders in which somebody waited for a lock.
        needless: orders that were left half-way, because they are like one that was played.
        is_whole: whether there is none left.
    """

    played: int
    locked: int
    needless: int
    is_whole: bool


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


def explore(race: Race, most: int = 1_000_000) -> Explored:
    """Play all orders of a race, or so many.

    Raises:
        UntrueError: in one of them something was lost or doubled; the message has the order.
    """
    stack = [Beginning()]
    played = locked = needless = 0
    while stack and played + needless < most:
        order = _play(race, stack.pop())
        played += not order.is_needless
        needless += order.is_needless
        locked += order.was_locked
        stack += order.others
    return Explored(played=played, locked=locked, needless=needless, is_whole=not stack)


def _play(race: Race, beginning: Beginning) -> Order:
    order = Order()
    acts = race.begin()
    stiles = [Turnstile() for _ in acts]
    actors = [Actor(act, stile.hit) for act, stile in zip(acts, stiles, strict=True)]
    Scheduler(order=order, beginning=beginning, actors=actors, stiles=stiles).run()
    try:
        ended = [_end(race, actor) for actor in actors]
        if not order.is_needless:
            race.check(ended)
    except AssertionError as error:
        said = "\n".join(order.said)
        raise UntrueError(f"{race.name}, order {order.chosen}:\n{error}\n{said}") from error
    return order


def _end(race: Race, actor: Actor) -> Any:
    try:
        return actor.end()
    except race.bears as error:
        return error
