"""What comes by schedule, for people who look at it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import get_default_timezone
from django.utils.translation import gettext as _

from durable import clock
from durable.authoring import cron
from durable.authoring.registry import registry
from durable.engine.words import span
from durable.models import Schedule

_FRESH = timedelta(seconds=5)  # for which nobody asks why a time that has come has not been taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A cron line of a function."""

    function: str
    cron: str
    following: datetime | None  # its next time
    last: datetime | None  # the last one that started a run
    why: str = ""  # why that may not come


def coming(alias: str) -> list[Coming]:
    """Return the lines of this code and those that are written down, by function."""
    found = {(row.function, row.cron): _known(row) for row in Schedule.objects.using(alias)}
    found = {key: _unwritten(*key) for key in registry.crons} | found
    return [found[key] for key in sorted(found)]


def why_not(row: Schedule) -> str:
    """Say why nobody here takes a schedule when its time comes."""
    if row.function not in registry.functions:
        return _("the function is not registered here")
    if (row.function, row.cron) not in registry.crons:
        return _("the function has no such line any more")
    late = clock.now() - row.due_at
    return _("no worker has taken it for %(time)s") % {"time": span(late)} if late > _FRESH else ""


def _known(row: Schedule) -> Coming:
    return Coming(
        function=row.function,
        cron=row.cron,
        following=row.due_at,
        last=row.fired,
        why=why_not(row),
    )


def _unwritten(function: str, line: str) -> Coming:
    reckoned = registry.crons[function, line].line
    site = get_default_timezone()
    following = reckoned.next(clock.now(), site) if cron.is_installed() else None
    why = _("no worker has been started since it was written")
    return Coming(function=function, cron=line, following=following, last=None, why=why)
