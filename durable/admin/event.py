"""Events: what came in, and which runs it started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.db.models import Count, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from durable.admin import payload, show
from durable.admin.event_routes import may_see, routes_of
from durable.admin.event_send import offer_send, resend
from durable.admin.filters import NameFilter
from durable.admin.readonly import ReadOnlyAdmin
from durable.ids import new_id
from durable.models import Delivery, Event, Run
from durable.operations.search import by_beginning
from durable.store import get_store
from durable.store.together import together

MOST = 50  # runs that an event's page shows


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin[Event]):
    """One event may have started thousands of runs, so its page shows some and links to all."""

    list_display = ("named", "runs_link", "came")
    list_filter = (NameFilter,)
    lean = ("data", "dedupe_key")
    search_fields = ("id",)
    search_help_text = _(
        "The id of an event, whole or its first 8 characters and more, or its whole name."
    )
    whole_id = show.whole_id
    happened_at = show.time_of("ts", _("happened"))
    came = show.ago_of("received", _("received"))
    received_at = show.time_of("received", _("received"))

    def get_urls(self) -> list[URLPattern]:
        """Add the pages by which events are sent, and sent again."""
        view = self.admin_site.admin_view
        mine = [
            path(
                "send/",
                view(lambda request: offer_send(self, request)),
                name="durable_event_send",
            ),
            path(
                "<path:pk>/resend/",
                view(lambda request, pk: resend(self, request, pk)),
                name="durable_event_resend",
            ),
        ]
        return mine + super().get_urls()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add the way to the form, for who may use it."""
        may_send = request.user.has_perm("durable.send_event")
        url = show.url(self.admin_site, "event", "send") if may_send else ""
        return super().changelist_view(request, {"send_url": url, **(extra_context or {})})

    def prepare(self, events: Sequence[Event]) -> None:
        """Count, for a whole page at once, whom each event started and woke."""
        ids = [event.pk for event in events]
        looks = [_counted("started", Run, ids), _counted("woke", Delivery, ids)]
        found = together(get_store().alias, looks)
        counts = {(kind, event): count for kind, event, count in found}
        for event in events:
            outcome = (counts.get((kind, event.pk), 0) for kind in ("started", "woke"))
            event.__dict__["outcome"] = tuple(outcome)

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """Show the data to who may see it."""
        parts: list[tuple[Any, Any]] = [
            (None, {"fields": ("whole_id", "name", "custom_id", "key", "runs_link")}),
            (_("Times"), {"fields": ("happened_at", "received_at")}),
        ]
        if obj is not None and may_see(request, obj):
            parts.append((_("Data"), {"fields": ("content",)}))
        return parts

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """Find events by id or name."""
        if not search_term:
            return queryset, False
        return queryset.filter(by_beginning(search_term) or Q(name=search_term)), False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the runs."""
        event = kwargs.get("obj")
        if event is not None:
            context |= _runs_of(request, self.admin_site, event)
            context |= routes_of(request, self.admin_site, event)
            context["may_resend"] = request.user.has_perm("durable.resend_event")
            context["resend_url"] = show.url(self.admin_site, "event", "resend", event.pk)
            context["durable_once"] = new_id()
            if request.user.has_perm("durable.send_event"):
                send = show.url(self.admin_site, "event", "send")
                context["like_this_url"] = f"{send}?like={event.pk}"
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("event"))
    def named(self, event: Event) -> SafeString:
        """Show its name, the beginning of its id, and the id that its sender gave it."""
        name = format_html(
            '<span class="durable-name">{}</span> {}', event.name, show.short_id(self, event)
        )
        return show.lines([name, show.aside(event.custom_id)]) if event.custom_id else name

    @admin.display(description=_("runs"))
    def runs_link(self, event: Event) -> SafeString:
        """Link to the runs it started; say how many it woke."""
        if "outcome" not in event.__dict__:
            self.prepare([event])
        started, woke = event.__dict__["outcome"]
        words = ngettext("%d run", "%d runs", started) % started
        if woke:
            words += ", " + ngettext("woke %d", "woke %d", woke) % woke
        return format_html(
            '<a class="durable-link" href="{}">{}</a>', _runs_url(self.admin_site, event), words
        )

    @admin.display(description=_("data"))
    def content(self, event: Event) -> SafeString | str:
        """Show what it says."""
        return payload.shown(event.data)


def _counted(kind: str, model: type[Run | Delivery], events: list[Any]) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = model._default_manager.using(get_store().alias)
    rows = rows.filter(event__in=events).order_by().annotate(kind=Value(kind))
    counts: QuerySet[Any, Any] = rows.values("kind", "event").annotate(count=Count("pk"))
    return counts.values_list("kind", "event", "count")


def _runs_of(request: HttpRequest, site: AdminSite, event: Event) -> dict[str, Any]:
    if not request.user.has_perm("durable.view_run"):
        return {}
    rows = Run.objects.using(get_store().alias).filter(event=event).order_by("function")
    runs = list(rows.only("id", "function", "status", "created", "started", "ended")[: MOST + 1])
    return {
        "runs": [
            {
                "link": show.link(site, run, show.beginning(run.pk)),
                "function": run.function,
                "state": show.pill(run),
                "started": show.exact(run.started),
                "duration": show.duration(None, run),
            }
            for run in runs[:MOST]
        ],
        "more_runs": len(runs) > MOST,
        "most_runs": MOST,
        "runs_url": _runs_url(site, event),
    }


def _runs_url(site: AdminSite, event: Event) -> str:
    return f"{show.url(site, 'run', 'changelist')}?event__id__exact={event.pk}"
