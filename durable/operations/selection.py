"""Runs that have something in common, as a value that can be written down and looked at again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from durable.models import Run, RunStatus, Step, StepStatus
from durable.operations.search import matching

TOP, CHILD = "top", "child"


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
        kin: "top" for runs that no run invoked, "child" for the others.
        parent: the id of the run that invoked them.
        event: the id of the event that started them.
        failed_step: the name of a step that failed, of runs that failed.
        search: what a person looks for; see `engine.search`.
        ids: these runs.
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
    ids: tuple[str, ...] = ()

    @classmethod
    def of_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(**{**value, "ids": tuple(value.get("ids", ()))})

    def to_json(self) -> dict[str, Any]:
        """Return what is given of it, to be written down."""
        given = {name: value for name, value in asdict(self).items() if value}
        return {**given, "ids": list(self.ids)} if self.ids else given

    def of(self, runs: QuerySet[Run]) -> QuerySet[Run]:
        """Narrow runs down."""
        names = ("status", "function", "event", "tenant", "subject", "parent")
        exact = {name: getattr(self, name) for name in names}
        ranges = {"pk__gte": self.since, "pk__lte": self.until}
        runs = runs.filter(**{name: value for name, value in (exact | ranges).items() if value})
        if self.ids:
            runs = runs.filter(pk__in=self.ids)
        if self.kin:
            runs = runs.filter(parent__isnull=self.kin == TOP)
        if self.failed_step:
            steps = Step.objects.filter(run=OuterRef("pk"), name=self.failed_step)
            failed = Exists(steps.filter(status=StepStatus.FAILED))
            runs = runs.filter(failed, status=RunStatus.FAILED)
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
