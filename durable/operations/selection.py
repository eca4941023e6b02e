"""Runs that have something in common, as a value that can be written down and looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Q, QuerySet

from durable.models import Run, RunStatus
from durable.models.lists import having
from durable.operations.failed_step import runs_by_failed_step
from durable.operations.search import matching

TOP, CHILD, WHOLE, PART = "top", "child", "whole", "part"
KINS = {
    TOP: Q(parent__isnull=True),
    CHILD: Q(parent__isnull=False),
    WHOLE: Q(step=""),
    PART: ~Q(step=""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Each field that is given narrows it down.

    Args:
        status: of the runs.
        function: its id.
        since: ids from this one on, in the order of time.
        until: ids up to this one.
        tenant: whose they are.
        subject: what they are about, "shop.order:7".
        kin: "top" for runs that no run invoked, "child" for the others; "whole" for runs of whole
            functions, "part" for those of single steps.
        parent: the id of the run that invoked them.
        event: the id of the event that started them.
        failed_step: the name of a step that failed, of the newest runs that failed.
        search: what a person looks for; see `operations.search`.
        ids: these runs, and no others.
    """

    status: str = ""
    function: str = ""
    since: str = ""
    until: str = ""
    tenant: str = ""
    subject: str = ""
    kin: str = ""
    parent: str = ""
    event: str = ""
    failed_step: str = ""
    search: str = ""
    ids: tuple[str, ...] | None = None

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**value, "ids": tuple(value["ids"]) if "ids" in value else None})

    def to_json(self) -> dict[str, Any]:
        """Return what is given of it, to be written down."""
        given = {name: value for name, value in asdict(self).items() if value}
        return given if self.ids is None else {**given, "ids": list(self.ids)}

    def pinned(self, alias: str) -> Self:
        """Return the same runs where what is done to some would bring others into the selection."""
        if not self.failed_step or self.ids is not None:
            return self
        found = runs_by_failed_step(alias, self.failed_step)
        return replace(self, ids=tuple(map(str, found)))

    def of(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Narrow runs down."""
        names = ("status", "function", "event", "tenant", "subject", "parent")
        exact = {name: getattr(self, name) for name in names}
        runs = runs.filter(
            having(runs.db, **{name: value for name, value in exact.items() if value})
        )
        ranges = {"pk__gte": self.since, "pk__lte": self.until}
        runs = runs.filter(**{name: value for name, value in ranges.items() if value})
        if self.failed_step:
            runs = runs.filter(status=RunStatus.FAILED)
        if (ids := self.pinned(runs.db).ids) is not None:
            runs = runs.filter(pk__in=ids)
        if self.kin:
            runs = runs.filter(KINS[self.kin])
        if self.search:
            condition = matching(runs.db, self.search, self.tenant)
            runs = runs.none() if condition is None else runs.filter(condition)
        return runs


def first_id_of(moment: datetime) -> str:
    """Return an id before which all runs were made before a moment: ids begin with their time."""
    milliseconds = int(moment.timestamp() * 1000)
    return str(UUID(int=(milliseconds & 0xFFFF_FFFF_FFFF) << 80))


def ago(now: datetime, seconds: float) -> str:
    """Return the first id of so many seconds ago."""
    return first_id_of(now - timedelta(seconds=seconds))
