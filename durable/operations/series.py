"""What a chart of ended runs is drawn from: numbers by stretch of time, and failures that are alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Sum
from django.db.models.functions import ExtractMinute, TruncHour, TruncMinute

from durable import clock
from durable.models import FailureTally, Rollup, Run, RunTally
from durable.models.status import FINAL_RUN

STRETCHES = {
    1: timedelta(minutes=1),
    6: timedelta(minutes=5),
    24: timedelta(minutes=10),
}  # by hours; each goes into an hour
GROUPS = 20  # of failures
_MINUTE = timedelta(minutes=1)
_FRESH = timedelta(minutes=10)  # of what is not in the sums yet, as far as it is counted here


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Runs that ended, from `begin` on, by status and stretch."""

    begin: datetime
    stretch: timedelta
    counts: Mapping[str, list[int]]
    counted_until: (
        datetime | None
    )  # what ended later is counted just now; None if no worker ever counted

    @property
    def length(self) -> int:
        """How many stretches there are."""
        return max(map(len, self.counts.values()))

    def rate(self, status: str, number: int) -> float:
        """Return runs per minute within a stretch."""
        return self.counts[status][number] / (self.stretch / _MINUTE)

    def total(self, status: str) -> int:
        """Return how many runs ended so."""
        return sum(self.counts[status])


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureGroup:
    """Failures that are alike."""

    function: str
    name: str
    place: str
    message: str
    count: int
    last: datetime
    run: UUID  # the last of them


def series(alias: str, hours: int) -> Series:
    """Read the sums of the last hours, and count what is not in them yet.

    Args:
        alias: of the database.
        hours: one of `STRETCHES`.
    """
    stretch, now = STRETCHES[hours], clock.now()
    count = int(timedelta(hours=hours) / stretch)
    end = _floor(now, stretch) + stretch
    begin = end - count * stretch
    counts = {str(status): [0] * count for status in FINAL_RUN}
    until = Rollup.objects.using(alias).values_list("until", flat=True).first()
    rows = _sums(alias, begin, stretch)
    since = max(begin, now - _FRESH, until or begin)
    fresh = Run.objects.using(alias).filter(ended__gte=since, step="").order_by()
    minutes = fresh.annotate(minute=TruncMinute("ended", tzinfo=UTC)).values_list(
        "minute", "status"
    )
    for minute, status, many in [*rows, *minutes.annotate(Count("pk"))]:
        number = (minute - begin) // stretch
        if 0 <= number < count:
            counts[status][number] += many
    return Series(begin=begin, stretch=stretch, counts=counts, counted_until=until)


def _sums(alias: str, begin: datetime, stretch: timedelta) -> Iterator[tuple[datetime, str, int]]:
    """Yield when each stretch begins that has ends, and how many; the database adds up its minutes."""
    minute = ExtractMinute("minute", tzinfo=UTC)
    rows = RunTally.objects.using(alias).filter(minute__gte=begin).order_by()
    parts = rows.values_list(
        TruncHour("minute", tzinfo=UTC), minute - minute % (stretch // _MINUTE), "status"
    )
    for hour, first, status, count in parts.annotate(Sum("count")):
        yield hour + first * _MINUTE, status, count


def failures(alias: str, hours: int, function: str | None = None) -> list[FailureGroup]:
    """Return failures of the last hours that are alike, the most frequent first."""
    since = clock.now() - timedelta(hours=hours)
    rows = FailureTally.objects.using(alias).filter(last__gte=since, hour__gte=_hour(since))
    if function is not None:
        rows = rows.filter(function=function)
    kinds = rows.order_by().values("function", "fingerprint")
    top = list(kinds.annotate(total=Sum("count"), newest=Max("pk")).order_by("-total")[:GROUPS])
    newest = rows.in_bulk([one["newest"] for one in top])
    return [_group(newest[one["newest"]], one["total"]) for one in top]


def _group(row: FailureTally, count: int) -> FailureGroup:
    return FailureGroup(
        function=row.function,
        name=row.name,
        place=row.place,
        message=row.message,
        count=count,
        last=row.last,
        run=row.run,
    )


def _floor(moment: datetime, stretch: timedelta) -> datetime:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + (moment - day) // stretch * stretch


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
