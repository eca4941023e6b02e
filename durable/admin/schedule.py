"""Schedules: when the cron lines of functions come next."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.admin import show
from durable.admin.readonly import ReadOnlyAdmin
from durable.models import Schedule
from durable.operations.schedule import why_not


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin[Schedule]):
    """Few rows, so they are in the order in which they come."""

    list_display = ("function", "line", "next_at", "last_at", "why")
    ordering = ("due_at",)
    search_fields = ("function",)
    fieldsets = (
        (None, {"fields": ("function", "line", "why")}),
        (_("Times"), {"fields": ("next_at", "last_at", "created_at")}),
    )
    next_at = show.time_of("due_at", _("next"))
    last_at = show.time_of("fired", _("last"))
    created_at = show.time_of("created", _("created"))

    @admin.display(description=_("cron line"))
    def line(self, row: Schedule) -> SafeString:
        """Show the line as it was written."""
        return show.code(row.cron)

    @admin.display(description=_("why it may not come"))
    def why(self, row: Schedule) -> str:
        """Say why nobody takes it."""
        return why_not(row) or show.EMPTY
