"""What clients ask for while it burns: the mix, and what each kind of it must come to."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.campaigns.chaos.burning.workflows import LARGE, WIDE

# In hundredths, as the mix of a site.
MIX = {
    "plain": 30,
    "atomic": 20,
    "sleeping": 15,
    "waiting": 11,
    "forsaken": 4,
    "parallel": 10,
    "parent": 5,
    "shaky": 5,
}
# Of which so many come in a minute, however many others there are.
RARE = {"poison": 5, "large": 5, "cancelled": 10, "greedy": 3, "killed": 3}

# What runs return; of plain, by either release.
RETURNED: dict[str, list[Any]] = {
    "plain": [list("abcdefg"), list("abcdefgh")],
    "atomic": [["a", "b"]],
    "sleeping": [["a", "b"]],
    "forsaken": [[None, "a"]],
    "parallel": [list(WIDE)],
    "parent": [[["a", "b"], "a"]],
    "shaky": [["a", "b"]],
    "large": [2 * LARGE],
    "greedy": [["a", "b"]],
    "killed": [["a", "b"]],
    "cancelled": [["0", "1", "2", "3", "4"]],
}
# Bodies of one run without a fault; where that is not one for each step.
FAILING = {"shaky": 1, "greedy": 1, "killed": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One thing that a client wants.

    Args:
        kind: of the mix, or "answer".
        number: of the run that it is about.
        after: seconds until the client asks.
        is_cancel: whether it is the end of the run of that number.
    """

    kind: str
    number: int
    after: float = 0.0
    is_cancel: bool = False

    @property
    def id(self) -> str:
        """What the client calls the event."""
        return f"{self.kind} {self.number}"


@dataclass(slots=True, kw_only=True)
class Workload:
    """Draws what is wanted.

    Args:
        draw: of the mix.
        rate: events in a second, those that are rare and answers not counted.
        number: of the last one.
    """

    draw: random.Random
    rate: float
    number: int = 0
    _rare: dict[str, float] = field(default_factory=dict)

    def wishes(self, seconds: float) -> Iterator[Wish]:
        """Draw what is wanted within so many seconds, with what belongs to it later."""
        kinds = self.draw.choices(list(MIX), list(MIX.values()), k=self._count("mix", seconds))
        for kind, minutely in RARE.items():
            kinds += [kind] * self._count(kind, seconds, minutely / 60)
        for kind in kinds:
            self.number += 1
            yield from self._all_of(kind, self.number, self.draw.random() * seconds)

    def _count(self, what: str, seconds: float, rate: float | None = None) -> int:
        wanted = self._rare.get(what, 0.0) + seconds * (self.rate if rate is None else rate)
        self._rare[what] = wanted % 1
        return int(wanted)

    def _all_of(self, kind: str, number: int, after: float) -> Iterator[Wish]:
        if kind == "waiting":  # the answer comes before, while or long after it is waited for
            until = self.draw.choice((-0.2, 1.0, 8.0)) * self.draw.random()
            yield Wish(kind="answer", number=number, after=max(after + until, 0.0))
        if kind == "cancelled":
            delay = 3.0 * self.draw.random()
            yield Wish(kind=kind, number=number, after=after + delay, is_cancel=True)
        yield Wish(kind=kind, number=number, after=after)
