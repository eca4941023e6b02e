"""Runs: the list, and the page of one with its steps and failed tries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.admin import kin, payload, show
from durable.admin.attempt import tries_of
from durable.admin.filters import FunctionFilter, as_id
from durable.admin.readonly import ReadOnlyAdmin
from durable.admin.step import steps_of
from durable.engine.explain import Outlook, explain
from durable.models import Event, Run
from durable.store import get_store

_HEAD = ("whole_id", "state", "function", "event_link", "steps_done", "tried")
_TIMES = ("created_at", "started_at", "ended_at", "duration")
_ENGINE = ("due", "owner", "claim", "wake", "pending", "wave")


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    """`prepare` and `outlook` put what the row does not know beside it, for a whole page at once."""

    list_display = (
        "short_id",
        "state",
        "function",
        "steps_done",
        "why",
        "began",
        "duration",
        "tried",
    )
    list_filter = ("status", FunctionFilter)
    lean = ("output", "error", "owner", "dedupe_key")
    search_fields = ("id",)
    search_help_text = _("The whole id of a run, or of the event that started it.")

    def prepare(self, runs: Sequence[Run]) -> None:
        """Look at all runs of a page together."""
        outlooks = explain(get_store().alias, runs)
        for run in runs:
            run.__dict__["outlook"] = outlooks[run.pk]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Find runs by their id or that of their event."""
        if not search_term:
            return queryset, False
        asked = as_id(search_term)
        return queryset.filter(Q(pk=asked) | Q(event=asked)) if asked else queryset.none(), False

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Show the parts that have something to say."""
        parts: list[tuple[Any, Any]] = [
            (None, {"fields": self._head(obj)}),
            (_("Times"), {"fields": _TIMES}),
        ]
        if obj is not None and obj.error is not None:
            parts.append((_("Error"), {"fields": ("failed_with", "traceback")}))
        if obj is not None and (obj.large or obj.output is not None):
            parts.append((_("Result"), {"fields": ("result",)}))
        parts.append((_("Event data"), {"fields": ("event_data",), "classes": ("collapse",)}))
        parts.append((_("Engine"), {"fields": _ENGINE, "classes": ("collapse",)}))
        return parts

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the steps and the failed tries."""
        run = kwargs.get("obj")
        if run is not None:
            context |= steps_of(request, self.admin_site, run)
            context |= tries_of(request, self.admin_site, run.pk)
        return super().render_change_form(request, context, *args, **kwargs)

    whole_id = show.whole_id
    state, duration = show.status, show.duration
    created_at = show.time_of("created", _("created"))
    started_at = show.time_of("started", _("started"))
    ended_at = show.time_of("ended", _("ended"))
    due = show.time_of("due_at", _("due"))

    short_id = show.short_id

    began = show.ago_of("started", _("started"))

    @admin.display(description=_("steps"))
    def steps_done(self, run: Run) -> str:
        """Show how many of its steps have ended."""
        outlook = self.outlook(run)
        return f"{outlook.done}/{outlook.total}"

    @admin.display(description=_("try"))
    def tried(self, run: Run) -> int:
        """Count from one, as people do, how often the code between two steps was begun."""
        return run.attempt + 1

    @admin.display(description=_("lost workers"))
    def lost(self, run: Run) -> int:
        """Show how many workers were lost since the last recorded step."""
        return run.crashes

    @admin.display(description=_("why it is not moving"))
    def why(self, run: Run) -> str:
        """Say why it is not moving."""
        return self.outlook(run).why or show.EMPTY

    @admin.display(description=_("event"))
    def event_link(self, run: Run) -> SafeString | str:
        """Link to the event that started it."""
        event = self._event(run)
        if event is None:
            return show.EMPTY
        return format_html(
            "{} {}", show.link(self.admin_site, event, event.name), show.code(event.pk)
        )

    @admin.display(description=_("invoked by"))
    def invoked_by(self, run: Run) -> SafeString | str:
        """Link to the run that invoked it."""
        return kin.parent(self.admin_site, run)

    @admin.display(description=_("invoked"))
    def invoked(self, run: Run) -> SafeString | str:
        """Link to the runs it invoked."""
        return kin.children(self.admin_site, run)

    @admin.display(description=_("data"))
    def event_data(self, run: Run) -> SafeString | str:
        """Show what it was started with."""
        event = self._event(run)
        return payload.shown(event.data if event else None)

    @admin.display(description=_("result"))
    def result(self, run: Run) -> SafeString | str:
        """Show what the function returned."""
        return payload.shown(payload.output_of(get_store().alias, run, run.pk, ""))

    @admin.display(description=_("error"))
    def failed_with(self, run: Run) -> str:
        """Show what it failed with."""
        return payload.brief(run.failure)

    @admin.display(description=_("traceback"))
    def traceback(self, run: Run) -> SafeString | str:
        """Show where it failed."""
        return payload.stack(run.failure)

    def _head(self, run: Run | None) -> list[str]:
        head = list(_HEAD)
        if run is not None and not run.is_final and self.outlook(run).why:
            head.insert(2, "why")
        if run is not None and run.crashes:
            head.append("lost")
        if run is not None and run.parent_id:
            head.append("invoked_by")
        if run is not None and kin.of(run).children:
            head.append("invoked")
        return head

    def outlook(self, run: Run) -> Outlook:
        """Return what is known of the run besides its row."""
        if "outlook" not in run.__dict__:
            self.prepare([run])
        outlook: Outlook = run.__dict__["outlook"]
        return outlook

    def _event(self, run: Run) -> Event | None:
        if "seen_event" not in run.__dict__:
            rows = Event.objects.using(get_store().alias).filter(runs=run)
            run.__dict__["seen_event"] = rows.first()
        event: Event | None = run.__dict__["seen_event"]
        return event
