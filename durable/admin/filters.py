"""Filters whose choices cost no query: they are known from the code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from durable.authoring.registry import registry
from durable.authoring.trigger import TriggerEvent


class KnownFilter(admin.SimpleListFilter):
    """A column whose usual values are known; another one may be asked for in the address."""

    def known(self) -> Iterable[str]:
        """Return the usual values."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        """Return the choices."""
        asked = request.GET.get(self.parameter_name or "")
        values = set(self.known()) | ({asked} if asked else set())
        return [(value, value) for value in sorted(values)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that have the value."""
        value = self.value()
        return queryset.filter(**{f"{self.parameter_name}": value}) if value else queryset


class FunctionFilter(KnownFilter):
    """Runs of one function."""

    title = _("function")
    parameter_name = "function"

    def known(self) -> Iterable[str]:
        """Return the ids of the registered functions."""
        return (function.id for function in registry)


class NameFilter(KnownFilter):
    """Events of one name."""

    title = _("name")
    parameter_name = "name"

    def known(self) -> Iterable[str]:
        """Return the names that start functions."""
        return self.names()

    @staticmethod
    def names() -> Iterable[str]:
        """Return the names of events that start functions."""
        triggers = (trigger for function in registry for trigger in function.triggers)
        events = (trigger for trigger in triggers if isinstance(trigger, TriggerEvent))
        return (trigger.event for trigger in events if not trigger.is_wildcard)


def as_id(text: str) -> UUID | None:
    """Read an id, with or without dashes."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
