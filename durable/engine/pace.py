"""How many planned steps to claim at a time: many while they are quick, few while they are long."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

LARGEST = 250
QUICK = 0.025  # seconds for a batch
LONG = 0.100  # seconds in bodies after which a batch gives the rest of its steps back
OVERHEAD = 0.0001  # seconds that a step costs besides its body
TINY = 1_000  # steps that are done at once when their bodies take less than that
_FADE = 0.95  # of what was expected, that is still

_known: dict[object, float] = {}  # seconds a body takes, as this process has seen it


@dataclass(slots=True)
class Pace:
    """Starts with a share that leaves the tail of a wave balanced between workers."""

    size: int

    def adapt(self, seconds: float) -> None:
        """Learn from how long a batch took."""
        self.size = min(2 * self.size, LARGEST) if seconds < QUICK else max(self.size // 2, 1)


def first_share(due: int, workers: int, seconds: float | None = None) -> int:
    """Return a share of `due` steps of which each of `workers` finds several; a batch of quick ones."""
    balanced = max(1, min(LARGEST, due // (2 * workers)))
    if seconds is None:
        return balanced
    return max(balanced, min(LARGEST, int(QUICK / (seconds + OVERHEAD))))


def quick_share(due: int, seconds: float | None) -> int:
    """Return how many of `due` steps to do before others could help; 0 if their time is not known.

    Of bodies that take less time than it does to plan them, nobody can take any off.
    """
    if seconds is None:
        return 0
    return min(due, TINY if seconds < OVERHEAD else int(QUICK / (seconds + OVERHEAD)))


def learn(body: Callable[..., Any], seconds: float) -> None:
    """Remember how long a body takes: the mean, in which those before count less and less.

    One that the machine held up is forgotten before the group is over; one that became long is not
    expected to be quick again.
    """
    kind = _kind(body)
    _known[kind] = _FADE * _known.get(kind, seconds) + (1 - _FADE) * seconds


def expected(bodies: Iterable[Callable[..., Any]]) -> float | None:
    """Return the seconds the longest of these bodies takes; None when one was never seen here."""
    kinds = {_kind(body) for body in bodies}
    if not kinds <= _known.keys():
        return None
    return max((_known[kind] for kind in kinds), default=None)


def forget() -> None:
    """Know nothing of any body. For tests."""
    _known.clear()


def _kind(body: Any) -> object:
    """What bodies have in common that do the same: their code, whatever they are called with."""
    while isinstance(body, partial):
        body = body.func
    body = getattr(body, "__func__", body)
    return getattr(body, "__code__", None) or getattr(body, "__qualname__", type(body))
