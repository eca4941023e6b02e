"""How soon what was struck goes on: runs whose process was killed, and all of them after a restart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from operator import or_
from uuid import UUID

from django.db.models import Min, Q

from durable.models import Run, Step
from durable.playback.request import TIMERS
from durable.store.clock import database_now

_SHARES = (50, 95, 99)  # of a hundred


@dataclass(slots=True)
class Recovery:
    """Who was struck, and when by the database's clock.

    Args:
        struck: runs that a killed process held.
        restarts: of the server: when it answered again, and after how many seconds.
        replaced: seconds from the freezing of a cluster until another had workers.
    """

    struck: list[tuple[UUID, datetime]] = field(default_factory=list)
    restarts: list[tuple[datetime, float]] = field(default_factory=list)
    replaced: list[float] = field(default_factory=list)

    def lose(self, pids: Sequence[int]) -> None:
        """Note which runs are held by processes of this machine that have just been killed."""
        mine = reduce(or_, (Q(owner__contains=f":{pid}:") for pid in pids), Q(pk=None))
        steps = Step.objects.filter(mine).values("run")
        runs = Run.objects.filter(mine | Q(pk__in=steps)).exclude(function="chaos-poison")
        self.struck += runs.values_list("pk", database_now())

    def restart(self, away: float) -> None:
        """Note that the server is there again, after so many seconds."""
        self.restarts += [
            (now, away) for now in Run.objects.values_list(database_now(), flat=True)[:1]
        ]

    def slow(self, seconds: float) -> list[str]:
        """Say which runs went on later than that after a kill that struck them."""
        found = [(_next(since, 0.0, run=run), since, run) for run, since in self.struck]
        return [
            f"run {run}, struck at {since:%H:%M:%S}, went on after {took} s"
            for took, since, run in found
            if took is None or took > seconds
        ]

    def figures(self) -> dict[str, float]:
        """Return percentiles, in seconds."""
        runs = [_next(since, 0.0, run=run) for run, since in self.struck]
        starts = [_next(since, away) for since, away in self.restarts]
        return {
            "runs that a killed process held": len(runs),
            **_shares("from a kill to the next step of a run that it struck", runs),
            **_shares("from a crash of the database to the next step of any run", starts),
            **_shares("from a frozen cluster to the workers of another", self.replaced),
        }


def _next(since: datetime, already: float, **of: UUID) -> float | None:
    """Return after how many seconds a step was recorded, or planned to wait; or else the run had ended."""
    steps = Step.objects.filter(**of)
    ends = steps.filter(ended__gt=since).aggregate(first=Min("ended"))["first"]
    plans = steps.filter(op__in=TIMERS, started__gt=since).aggregate(first=Min("started"))["first"]
    end = Run.objects.get(pk=of["run"]).ended if of else None
    first = min((one for one in (ends, plans, end) if one is not None), default=None)
    return already + (first - since).total_seconds() if first else None


def _shares(what: str, found: Sequence[float | None]) -> dict[str, float]:
    seconds = sorted(one for one in found if one is not None)
    last = len(seconds) - 1
    return {
        f"seconds {what}, p{share}": round(seconds[min(len(seconds) * share // 100, last)], 1)
        for share in _SHARES
        if seconds
    }
