"""Who goes next: lets one actor go at a time, and finds out whom it has to wait for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.campaigns.footprint import Footprint
from tests.campaigns.observer import observer
from tests.campaigns.order import Asleep, Beginning, Order, Turnstile
from tests.invariants.actors import PATIENCE, Actor

_LOOK = 0.0003  # seconds
_SOON = 0.003  # seconds between two looks at locks
_SURE = 2  # looks at what the server says
_GUESSED = 13  # looks at nothing


@dataclass(slots=True, kw_only=True)
class Watch:
    """Asks the server now and then whether a session waits for a lock; of a file it can only be guessed.

    Args:
        session: whose.
    """

    session: int | None
    next_look: float = field(default_factory=lambda: time.monotonic() + _SOON)
    seen: int = 0

    def is_locked(self) -> bool:
        """Return whether it waits; a wait that is over the next time was none."""
        now = time.monotonic()
        if now < self.next_look:
            return False
        self.next_look = now + _SOON
        is_locked = observer.waits(self.session) if self.session else True
        self.seen = self.seen + 1 if is_locked else 0
        return self.seen >= (_SURE if self.session else _GUESSED)


@dataclass(slots=True, kw_only=True)
class Scheduler:
    """Plays one order.

    Args:
        order: what is noted.
        beginning: how it begins; after that the first who is awake goes.
        actors: who play.
        stiles: where they stop.
    """

    order: Order
    beginning: Beginning
    actors: Sequence[Actor]
    stiles: Sequence[Turnstile]
    asleep: Asleep = field(default_factory=dict)
    blocked: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Have all come to their ends."""
        for number in range(len(self.actors)):
            self._settle(number)
        give_up = time.monotonic() + PATIENCE
        while any(actor.is_alive() for actor in self.actors) and time.monotonic() < give_up:
            ready = self._ready()
            if ready:
                self._let(self._choose(ready))
            else:
                time.sleep(_LOOK)  # all wait for each other's locks: the database decides, in time

    def _ready(self) -> list[int]:
        return [n for n, stile in enumerate(self.stiles) if stile.is_parked.is_set()]

    def _choose(self, ready: list[int]) -> int:
        step = len(self.order.chosen)
        if step < len(self.beginning.chosen):
            return self._wanted(self.beginning.chosen[step], ready)
        if step == len(self.beginning.chosen):
            self.asleep = dict(self.beginning.asleep)
        awake = [number for number in ready if number not in self.asleep]
        if not awake:
            self.order.is_needless = True
            return ready[0]
        if not self.order.is_needless:
            self._branch(awake)
        return awake[0]

    def _wanted(self, number: int, ready: list[int]) -> int:
        """Wait for who was there when this order was begun before."""
        give_up = time.monotonic() + PATIENCE
        while not self.stiles[number].is_parked.is_set():
            if time.monotonic() > give_up or not self.actors[number].is_alive():
                raise AssertionError(f"the order {self.beginning.chosen} cannot be played again")
            time.sleep(_LOOK)
        return number

    def _branch(self, awake: list[int]) -> None:
        """Note the orders in which another goes now: the ones before him will have gone before."""
        asleep = dict(self.asleep)
        others = []
        for number in awake:
            if number != awake[0]:
                step = self.stiles[number].step
                others.append(
                    Beginning(chosen=(*self.order.chosen, number), asleep=_still(asleep, [step]))
                )
            asleep[number] = self.stiles[number].step
        self.order.others += reversed(others)

    def _let(self, number: int) -> None:
        stile = self.stiles[number]
        self.order.chosen.append(number)
        self.order.said.append(f"{number}: {stile.label[:100]}")
        met = [stile.step, *(self.stiles[one].step for one in self.blocked)]
        self.asleep = _still(self.asleep, met)
        stile.let()
        waiting = sorted(self.blocked)
        self._settle(number)
        for one in waiting:  # he may have had what they wait for
            self._settle(one)
        self.order.was_locked |= bool(self.blocked)

    def _settle(self, number: int) -> None:
        """Wait until an actor has stopped, ended, or waits for a lock."""
        stile, actor = self.stiles[number], self.actors[number]
        give_up = time.monotonic() + PATIENCE
        watch = Watch(session=stile.session)
        self.blocked.discard(number)
        while not stile.is_parked.is_set() and actor.is_alive() and time.monotonic() < give_up:
            if watch.is_locked():
                self.blocked.add(number)
                return
            time.sleep(_LOOK)


def _still(asleep: Asleep, met: Sequence[Footprint]) -> Asleep:
    """Return who sleeps on: what nothing has met."""
    return {
        number: step for number, step in asleep.items() if not any(step.meets(one) for one in met)
    }
