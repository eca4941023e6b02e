"""Filters of the list of runs; each is a field of a selection, so that it can be acted on as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from durable import clock
from durable.admin.filters import KnownFilter
from durable.models import Run, RunStatus
from durable.operations.failed_step import failed_steps
from durable.operations.selection import CHILD, KINS, PART, TOP, WHOLE, Selection, first_id_of
from durable.store import get_store

_PERIODS = {
    "hour": (timedelta(hours=1), _("the last hour")),
    "day": (timedelta(days=1), _("the last 24 hours")),
    "week": (timedelta(days=7), _("the last 7 days")),
    "month": (timedelta(days=30), _("the last 30 days")),
}
_IDLE = {"p", "o", "_changelist_filters", "e", "_to_field", "_popup"}  # they choose no rows


class StatusFilter(admin.ChoicesFieldListFilter):
    """Runs by their status. What else they are to have is said with it, in the words of `having`."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Keep the runs that have it."""
        names = ("function", "tenant", "subject")
        asked: Any = {name: request.GET.get(name, "") for name in names}
        status = _one_of(request.GET.get("status__exact"), *RunStatus.values)
        found: Any = super().queryset(request, queryset)
        return Selection(status=status, **asked).of(found)


class TenantFilter(KnownFilter):
    """Runs of one tenant: offered where somebody asks for one, as no list of all is kept."""

    title = _("tenant")
    parameter_name = "tenant"

    def known(self) -> Iterable[str]:
        """Return none."""
        return ()


class SubjectFilter(KnownFilter):
    """Runs about one object of the site; as with tenants."""

    title = _("subject")
    parameter_name = "subject"

    def known(self) -> Iterable[str]:
        """Return none."""
        return ()


class PeriodFilter(admin.SimpleListFilter):
    """Runs by when they were made: their ids begin with that time."""

    title = _("made in")
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        """Return the choices."""
        return [(name, words) for name, (_length, words) in _PERIODS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Keep the runs of the period."""
        return Selection(since=since(self.value() or "")).of(queryset)


def since(period: str) -> str:
    """Return the first id of a period; nothing if there is no such period."""
    if period not in _PERIODS:
        return ""
    return first_id_of(clock.now() - _PERIODS[period][0])


class KinFilter(admin.SimpleListFilter):
    """Runs by whether another run invoked them, and whether they are of a whole function or a step."""

    title = _("parent")
    parameter_name = "kin"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        """Return the choices."""
        return [
            (TOP, _("no other run")),
            (CHILD, _("another run")),
            (WHOLE, _("of a whole function")),
            (PART, _("of a single step")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Keep those."""
        return Selection(kin=_one_of(self.value(), *KINS)).of(queryset)


class FailedStepFilter(admin.SimpleListFilter):
    """The newest failed runs by the step that failed. Names are looked up beside failed runs only."""

    title = _("failed step, of the newest 500 failures")
    parameter_name = "failed_step"
    runs: list[UUID] | None = None  # in which it failed, if that is known from looking for names

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        """Return the step that is asked for, and those that failed among the newest failed runs."""
        asked = request.GET.get(self.parameter_name or "")
        is_beside = request.GET.get("status__exact") == RunStatus.FAILED
        names = {asked} if asked else set()
        if is_beside:
            found, self.runs = failed_steps(get_store().alias, asked or "")
            names |= set(found)
        return [(name, name) for name in sorted(names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Run]) -> QuerySet[Run]:
        """Keep the failed runs in which it failed."""
        if self.runs is None or not self.value():
            return Selection(failed_step=self.value() or "").of(queryset)
        return Selection(status=RunStatus.FAILED, ids=tuple(map(str, self.runs))).of(queryset)


def _one_of(value: str | None, *known: str) -> str:
    return value if value in known else ""


_READ = {  # by what a selection calls them: values that may not be understood
    "status": "status__exact",
    "since": "period",
    "kin": "kin",
    "event": "event__id__exact",
    "parent": "parent__id__exact",
}


def selection_of(request: HttpRequest) -> Selection | None:
    """Return what the address of the list selects; None if it holds what a selection does not know."""
    given = {name: str(value) for name, value in request.GET.items() if name not in _IDLE and value}
    asked = {key: given.get(name, "") for key, name in _READ.items()}
    known = {
        "status": _one_of(given.pop("status__exact", ""), *RunStatus.values),
        "function": given.pop("function", ""),
        "tenant": given.pop("tenant", ""),
        "subject": given.pop("subject", ""),
        "since": since(given.pop("period", "")),
        "kin": _one_of(given.pop("kin", ""), *KINS),
        "failed_step": given.pop("failed_step", ""),
        "event": _id(given.pop("event__id__exact", "")),
        "parent": _id(given.pop("parent__id__exact", "")),
        "search": given.pop("q", ""),
    }
    is_lost = any(value and not known[name] for name, value in asked.items())
    return None if given or is_lost else Selection.of_json(known)


def _id(text: str) -> str:
    try:
        return str(UUID(text)) if text else ""
    except ValueError:
        return ""
