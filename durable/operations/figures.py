"""How functions do: their open runs, and from the sums of the last hours how many ended how, and when.

A handful of queries whatever the number of runs and functions: sums are read, runs are not counted
beyond a cap.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Case, QuerySet, Sum, Value, When

from durable import clock
from durable.models import EndTally, Run, RunStatus, TimeTally
from durable.operations.rollup import seconds_of
from durable.store.together import together

DAY = timedelta(hours=24)
COUNTED = 5_000  # open runs of each status
_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING)
_COLUMNS = ("kind", "function", "status", "bucket")  # of which those that do not apply are empty
_EMPTY, _NONE, _ONE = Value(""), Value(0), Value(1)
_KIND_OF_RUN = Case(When(step="", then=Value("open")), default=Value("branches"))


@dataclass(slots=True)
class Figures:
    """Of one function. Times are seconds."""

    open: Counter[str] = field(default_factory=Counter)  # by status, without branches
    branches: Counter[str] = field(default_factory=Counter)  # open runs of single steps, by status
    ended: Counter[str] = field(default_factory=Counter)  # within the time, by status
    times: Counter[int] = field(default_factory=Counter)  # buckets of durations

    @property
    def success(self) -> float | None:
        """The share of runs that ended well, of those that ended well or failed."""
        judged = self.ended[RunStatus.COMPLETED] + self.ended[RunStatus.FAILED]
        return self.ended[RunStatus.COMPLETED] / judged if judged else None

    def percentile(self, share: float) -> float | None:
        """Return the time that so large a share of the completed runs did not exceed, within 9 percent."""
        return percentile(self.times, share)


def percentile(times: Counter[int], share: float) -> float | None:
    """Return the seconds that so large a share of buckets of durations did not exceed."""
    left = share * times.total()
    for bucket in sorted(times):
        left -= times[bucket]
        if left <= 0:
            return seconds_of(bucket)
    return None


def figures(alias: str, functions: Collection[str], span: timedelta = DAY) -> Mapping[str, Figures]:
    """Return the figures of those functions that have any.

    Args:
        alias: of the database.
        functions: their ids.
        span: how far back, and to the beginning of that hour.
    """
    found: defaultdict[str, Figures] = defaultdict(Figures)
    ids = list(functions)
    within = _within(span, ids[0] if len(ids) == 1 else None)
    ended = (
        EndTally.objects.using(alias).filter(**within).annotate(kind=Value("ended"), bucket=_NONE)
    )
    times = (
        TimeTally.objects.using(alias).filter(**within).annotate(kind=Value("times"), status=_EMPTY)
    )
    # Named one by one, that SQLite goes from one to the next in the index.
    runs = (
        Run.objects.using(alias).filter(function__in=ids).annotate(kind=_KIND_OF_RUN, bucket=_NONE)
    )
    rows = runs.order_by().annotate(sum=_ONE).values_list(*_COLUMNS, "sum")
    looks = [_summed(ended), _summed(times), *(rows.filter(status=one)[:COUNTED] for one in _OPEN)]
    for kind, name, status, bucket, count in together(alias, looks):
        counter = getattr(found[name], kind)
        counter[bucket if kind == "times" else status] += int(count)
    return dict(found)


def _summed(rows: QuerySet[Any]) -> QuerySet[Any, Any]:
    sums: QuerySet[Any, Any] = rows.order_by().values(*_COLUMNS).annotate(sum=Sum("count"))
    return sums.values_list(*_COLUMNS, "sum")


def durations(alias: str, span: timedelta = DAY) -> Mapping[str, Counter[int]]:
    """Return how long completed runs took, in buckets, by function."""
    found: defaultdict[str, Counter[int]] = defaultdict(Counter)
    times = TimeTally.objects.using(alias).filter(**_within(span, None)).order_by()
    for name, bucket, count in times.values_list("function", "bucket").annotate(Sum("count")):
        found[name][bucket] += count
    return found


def _within(span: timedelta, function: str | None) -> dict[str, Any]:
    hour = (clock.now() - span).replace(minute=0, second=0, microsecond=0)
    return {"hour__gte": hour} | ({} if function is None else {"function": function})


def is_capped(found: Mapping[str, Figures]) -> bool:
    """Whether there are more open runs than were counted."""
    return any(
        sum(one.open[status] + one.branches[status] for one in found.values()) >= COUNTED
        for status in _OPEN
    )
