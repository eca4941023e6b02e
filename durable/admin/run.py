"""Runs: the list, the page of one, and what may be done from there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from durable.admin import related_runs, run_views, show, subject
from durable.admin.filters import FunctionFilter
from durable.admin.readonly import ReadOnlyAdmin
from durable.admin.run_action import act_on
from durable.admin.run_allowed import may
from durable.admin.run_bulk import ACTIONS
from durable.admin.run_filters import (
    FailedStepFilter,
    KinFilter,
    PeriodFilter,
    StatusFilter,
    SubjectFilter,
    TenantFilter,
)
from durable.admin.run_page import parts
from durable.admin.run_rows import with_kin
from durable.models import Event, Run
from durable.operations.explain import explain
from durable.operations.outlook import Outlook
from durable.operations.selection import Selection
from durable.store import get_store

_HEAD = ("whole_id", "what")
_ENGINE = (
    "created_at",
    "started_at",
    "ended_at",
    "due",
    "owner",
    "claim",
    "wake",
    "pending",
    "wave",
    "lost",
)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    """`prepare` and `outlook` put what the row does not know beside it, for a whole page at once."""

    list_display = ("named", "stands", "steps_done", "times")
    list_filter = (
        ("status", StatusFilter),
        FunctionFilter,
        PeriodFilter,
        KinFilter,
        FailedStepFilter,
        TenantFilter,
        SubjectFilter,
    )
    lean = ("output", "error", "owner", "dedupe_key")
    search_fields = ("id",)
    search_help_text = _(
        "The id of a run, whole or its first 8 characters and more; the whole id of an event; the id "
        "that the sender gave to the event, or the value of idempotency, exactly."
    )
    actions = ACTIONS

    class Media:
        js = (Script("durable/admin.js", type="module"),)

    def prepare(self, runs: Sequence[Run]) -> None:
        """Look at all runs of a page together."""
        outlooks = explain(get_store().alias, runs)
        for run in runs:
            run.__dict__["outlook"] = outlooks[run.pk]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Run], search_term: str
    ) -> tuple[QuerySet[Run], bool]:
        """Find runs by what people have in hand."""
        tenant = request.GET.get("tenant", "")
        return Selection(search=search_term.strip(), tenant=tenant).of(queryset), False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Run | None:
        """Return a run with its event and its kin."""
        rows = with_kin(self.get_queryset(request))
        try:
            return rows.get(pk=Run._meta.pk.to_python(object_id))
        except (Run.DoesNotExist, ValidationError, ValueError):
            return None

    def get_urls(self) -> list[URLPattern]:
        """Add what the page of a run fetches, and what its forms ask for."""
        wrap = self.admin_site.admin_view

        def view(do: Any) -> Any:
            return wrap(partial(do, self))

        return [
            path("<uuid:pk>/live/", view(run_views.live), name="durable_run_live"),
            path(
                "<uuid:pk>/value/<slug:what>/<int:number>/",
                view(run_views.value),
                name="durable_run_value",
            ),
            path("<uuid:pk>/act/<slug:verb>/", view(act_on), name="durable_run_act"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Run | None = None) -> Any:
        """Show the parts that have something to say."""
        return [
            (None, {"fields": self._head(obj)}),
            (_("Engine"), {"fields": _ENGINE, "classes": ("collapse",)}),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the picture, the steps, what may be done and what was done."""
        run = kwargs.get("obj")
        if run is not None:
            context |= parts(request, self.admin_site, run)
        return super().render_change_form(request, context, *args, **kwargs)

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        """Whether runs may be cancelled."""
        return may(request, "cancel")

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whether runs may be retried."""
        return may(request, "retry")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Whether runs may be replayed."""
        return may(request, "replay")

    def has_skip_permission(self, request: HttpRequest) -> bool:
        """Whether sleeps may be skipped."""
        return may(request, "skip")

    def has_deliver_permission(self, request: HttpRequest) -> bool:
        """Whether events may be delivered."""
        return may(request, "deliver")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Whether payloads may be erased."""
        return may(request, "erase")

    whole_id = show.whole_id
    created_at = show.time_of("created", _("created"))
    started_at = show.time_of("started", _("started"))
    ended_at = show.time_of("ended", _("ended"))
    erased_at = show.time_of("erased", _("payloads erased"))
    due = show.time_of("due_at", _("due"))

    @admin.display(description=_("run"))
    def named(self, run: Run) -> SafeString:
        """Show its function, and the beginning of its id."""
        return format_html(
            '<span class="durable-name">{}</span> {}', run.title, show.short_id(self, run)
        )

    @admin.display(description=_("status, and why it is not moving"))
    def stands(self, run: Run) -> SafeString:
        """Show its status, why it is not moving, and what it is about."""
        lines = [show.pill(run)]
        if why := self.outlook(run).why:
            lines.append(show.aside(why))
        if run.subject or run.tenant:
            lines.append(show.aside(self.about(run)))
        return show.lines(lines)

    @admin.display(description=_("function"), ordering="function")
    def what(self, run: Run) -> str:
        """Name the function, and the step of it if the run does only that."""
        return run.title

    @admin.display(description=_("version"))
    def started_with(self, run: Run) -> str:
        """Show which version of the function it was started with."""
        return run.version or show.EMPTY

    @admin.display(description=_("step of"))
    def step_of(self, run: Run) -> SafeString | str:
        """Link to the run whose step it does."""
        return related_runs.parent(self.admin_site, run)

    @admin.display(description=_("steps"))
    def steps_done(self, run: Run) -> SafeString:
        """Show how many of its steps have ended; and, from one, how often the code between two was begun."""
        outlook = self.outlook(run)
        lines = [format_html("{}/{}", outlook.done, outlook.total)]
        if run.attempt:
            lines.append(show.aside(_("try %(number)d") % {"number": run.attempt + 1}))
        return show.lines(lines)

    @admin.display(description=_("started, duration"))
    def times(self, run: Run) -> SafeString:
        """Show when it was begun, and how long it took or has taken so far."""
        return show.lines([show.ago(run.started), show.aside(show.duration(self, run))])

    @admin.display(description=_("about"))
    def about(self, run: Run) -> SafeString | str:
        """Link to the object of the site that it is about, and name its tenant."""
        parts = [subject.link(self.admin_site, run.subject)] if run.subject else []
        if run.tenant:
            query = urlencode({"tenant": run.tenant})
            parts.append(show.list_link(self.admin_site, "run", query, run.tenant))
        return format_html_join(" ", "{}", ((part,) for part in parts)) or show.EMPTY

    @admin.display(description=_("lost workers"))
    def lost(self, run: Run) -> int:
        """Show how many workers were lost since the last recorded step."""
        return run.crashes

    @admin.display(description=_("event"))
    def event_link(self, run: Run) -> SafeString | str:
        """Link to the event that started it."""
        event: Event | None = run.event
        if event is None:
            return show.EMPTY
        return format_html(
            "{} {}", show.link(self.admin_site, event, event.name), show.code(event.pk)
        )

    @admin.display(description=_("invoked by"))
    def invoked_by(self, run: Run) -> SafeString | str:
        """Link to the run that invoked it."""
        return related_runs.parent(self.admin_site, run)

    @admin.display(description=_("invoked"))
    def invoked(self, run: Run) -> SafeString | str:
        """Link to the runs it invoked."""
        return related_runs.children(self.admin_site, run)

    @admin.display(description=_("replay of"))
    def original(self, run: Run) -> SafeString:
        """Link to the run that it repeats, if that is still there."""
        url = show.url(self.admin_site, "run", "change", run.replay_of)
        return format_html('<a class="durable-link" href="{}">{}</a>', url, run.replay_of)

    def _head(self, run: Run | None) -> list[str]:
        head = list(_HEAD)
        if run is None:
            return head
        if not run.step:
            head.append("event_link")
        if run.started:
            head.append("started_with")
        if run.subject or run.tenant:
            head.append("about")
        if run.replay_of:
            head.append("original")
        if run.erased:
            head.append("erased_at")
        if run.parent_id:
            head.append("step_of" if run.step else "invoked_by")
        if related_runs.of(run).children:
            head.append("invoked")
        return head

    def outlook(self, run: Run) -> Outlook:
        """Return what is known of the run besides its row."""
        if "outlook" not in run.__dict__:
            self.prepare([run])
        outlook: Outlook = run.__dict__["outlook"]
        return outlook
