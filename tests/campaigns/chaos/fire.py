"""The plan of the faults: what comes how often, and what once."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import psutil
from django.db import DatabaseError, InterfaceError

from tests.campaigns.chaos.faults import (
    clocks,
    crashes,
    crowds,
    cuts,
    deploys,
    disk,
    locks,
    messages,
    sessions,
    stops,
)
from tests.campaigns.chaos.faults.kills import Kills
from tests.campaigns.chaos.scene import ImpossibleError, Scene

Strike = Callable[[Scene], None]

# Seconds between two on the mean.
OFTEN: dict[Strike, float] = {
    stops.hold: 4.6,
    stops.freeze: 60.0,
    crashes.crash: 36.0,
    sessions.end_session: 2.6,
    locks.lock: 10.0,
    cuts.fail: 17.0,
    clocks.jump: 36.0,
    messages.wipe: 32.0,
    messages.double: 36.0,
    messages.change_key: 120.0,
    messages.restart: 120.0,
}
KILLS = 1.7
# At which part of the time under fire.
ONCE: list[tuple[float, Strike]] = [
    (0.2, disk.fill),
    (0.35, crowds.crowd),
    (0.45, partial(deploys.deploy, release="2")),
    (0.7, partial(deploys.deploy, release="1")),
]
MADE_UP = 5.0  # seconds
LONG = 600.0  # seconds under fire in which there is room for the outage of a minute
OUTAGE = (0.55, crashes.outage)


class Fire:
    """Strikes as it comes.

    Args:
        scene: what is struck.
        seconds: for how long.
        draw: of when.
    """

    def __init__(self, scene: Scene, seconds: float, draw: random.Random) -> None:
        self._scene = scene
        self._draw = draw
        often = {**OFTEN, Kills(draw).strike: KILLS}
        self._due = {strike: self._gap(every) for strike, every in often.items()}
        self._every = often
        once = [*ONCE, *([OUTAGE] if seconds >= LONG else [])]
        self._once = sorted(((part * seconds, strike) for part, strike in once), key=_first)

    def strike(self, now: float) -> None:
        """Do what is due so many seconds after the beginning, and end what has lasted long enough."""
        self._scene.tend()
        while self._once and self._once[0][0] <= now:
            self._do(self._once.pop(0)[1])
        for strike, due in self._due.items():
            if due <= now:
                # What a stall held up comes after it; of a long one, only so much.
                self._due[strike] = max(due, now - MADE_UP) + self._gap(self._every[strike])
                self._do(strike)

    def _gap(self, every: float) -> float:
        return every * self._draw.uniform(0.5, 1.5)

    def _do(self, strike: Strike) -> None:
        # A process may be gone before it is struck, or not be there yet; the database may be away.
        with suppress(ImpossibleError, psutil.Error, IndexError, DatabaseError, InterfaceError):
            strike(self._scene)


def _first(pair: tuple[float, Strike]) -> float:
    return pair[0]
