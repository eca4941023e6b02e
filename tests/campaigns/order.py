"""One order of statements: where actors stop, who went when, and how the orders next to it begin."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from tests.campaigns.footprint import Footprint, Tracks
from tests.campaigns.observer import session
from tests.invariants.actors import PATIENCE

Asleep = dict[int, Footprint]  # who could have gone before, and with what


class Turnstile:
    """Where one actor stops before each thing it says."""

    def __init__(self) -> None:
        self.label = ""
        self.step = Footprint()
        self.session: int | None = None
        self.is_parked = threading.Event()
        self._tracks = Tracks()
        self._let = threading.Semaphore(0)

    def hit(self, label: str, do: Callable[[], Any]) -> Any:
        """Stop until the scheduler lets go."""
        is_inside = connection.in_atomic_block
        self.label = " ".join(label.split())
        self.step = self._tracks.next(self.label, is_in_transaction=is_inside)
        self.session = session()
        self.is_parked.set()
        if not self._let.acquire(timeout=PATIENCE):
            raise AssertionError(f"nobody let go of {label}")
        self._tracks.go(self.label, self.step, is_in_transaction=is_inside)
        return do()

    def let(self) -> None:
        """Have the actor go on to its next stop."""
        self.is_parked.clear()
        self._let.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How an order begins: who goes first, and who is asleep then."""

    chosen: tuple[int, ...] = ()
    asleep: Asleep = field(default_factory=dict)


@dataclass(slots=True)
class Order:
    """One order: who went at each step, and how the orders next to it begin."""

    chosen: list[int] = field(default_factory=list)
    others: list[Beginning] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    was_locked: bool = False
    is_needless: bool = False  # it is like one that was played
