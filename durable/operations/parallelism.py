"""What the last runs of a function were: their versions, and what running at the same time brought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from durable.models import Run, RunStatus, Step, StepStatus
from durable.models.lists import having
from durable.playback.request import TIMERS

RUNS, STEPS = 20, 2000  # that are looked at, at most

_LONG = 1.0  # seconds of a step from which on it is worth a process of its own
_TINY = 0.01  # seconds of a step below which its record may cost more than its body


class Last(NamedTuple):
    """One of the last completed runs."""

    id: UUID
    version: str
    started: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallelism:
    """Of the planned steps of some completed runs. Times are seconds."""

    runs: int  # that had any
    waves: int
    steps: int
    widest: int  # steps of one wave
    most_at_once: int  # bodies that were at work at the same moment, of one run
    longest: float
    usual: float  # of a step, the median
    waited: float  # from its planning to its beginning, the median
    apart: int  # steps that were runs of their own
    bodies: float  # of all steps, one after the other
    elapsed: float  # of all waves, from their first beginning to their last end

    @property
    def gain(self) -> float:
        """How many times as long it would have taken one after the other."""
        return self.bodies / self.elapsed if self.elapsed else 1.0

    @property
    def has_long_steps(self) -> bool:
        """Whether a step takes so long that a process of its own is worth its claim."""
        return self.usual >= _LONG

    @property
    def is_mostly_record(self) -> bool:
        """Whether planning and recording the steps took longer than all their bodies together."""
        return self.usual < _TINY and self.bodies < self.elapsed / 2


def last_runs(alias: str, function: str) -> list[Last]:
    """Return the last completed runs of a function, the newest first."""
    completed = having(alias, function=function, status=RunStatus.COMPLETED)
    rows = Run.objects.using(alias).filter(completed, step="").order_by("-pk")
    return [Last(*row) for row in rows.values_list("pk", "version", "started")[:RUNS]]


def parallelism(alias: str, last: Sequence[Last]) -> Parallelism | None:
    """Look at some runs of a function; None if they had no planned steps."""
    runs = [run.id for run in last]
    steps = Step.objects.using(alias).filter(run__in=runs, status=StepStatus.DONE)
    steps = steps.exclude(op__in=TIMERS).exclude(mode="").order_by()
    waves: defaultdict[tuple[UUID, int], list[tuple[datetime, datetime]]] = defaultdict(list)
    waited: list[float] = []
    apart = 0
    fields = ("run", "wave", "started", "ended", "planned", "op")
    for run, wave, started, ended, planned, op in steps.values_list(*fields)[:STEPS]:
        if started is not None and ended is not None:
            waves[run, wave].append((started, ended))
            waited.append((started - (planned or started)).total_seconds())
            apart += op == "child"
    if not waves:
        return None
    taken = [(end - begin).total_seconds() for times in waves.values() for begin, end in times]
    return Parallelism(
        runs=len({run for run, _ in waves}),
        waves=len(waves),
        steps=len(taken),
        widest=max(map(len, waves.values())),
        most_at_once=max(map(_at_once, waves.values())),
        longest=max(taken),
        usual=sorted(taken)[len(taken) // 2],
        waited=max(sorted(waited)[len(waited) // 2], 0.0),
        apart=apart,
        bodies=sum(taken),
        elapsed=sum(_elapsed(times) for times in waves.values()),
    )


def _elapsed(times: list[tuple[datetime, datetime]]) -> float:
    return (max(end for _, end in times) - min(begin for begin, _ in times)).total_seconds()


def _at_once(times: list[tuple[datetime, datetime]]) -> int:
    """Return how many were at work at the same moment; one that ends as another begins is not beside it."""
    marks = sorted([(begin, 1) for begin, _ in times] + [(end, -1) for _, end in times])
    most = now = 0
    for _, step in marks:
        now += step
        most = max(most, now)
    return most
