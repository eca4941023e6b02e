"""How values are shown: always as text, escaped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from durable import clock
from durable.engine.words import span, took
from durable.models import StepStatus

EMPTY = "-"  # as Django's own admin shows nothing
_ICONS = {
    "queued": "◷",
    "pending": "◷",
    "running": "▶",
    "waiting": "‖",
    "retrying": "↻",
    "completed": "✓",
    "done": "✓",
    "failed": "✗",
    "cancelled": "⊘",
}


def pill(row: Model) -> SafeString:
    """Show a status by icon, word and colour."""
    status = str(getattr(row, "status", ""))
    label = getattr(row, "get_status_display", lambda: status)()
    return format_html(
        '<span class="durable-pill durable-{}"><span aria-hidden="true">{}</span> {}</span>',
        status,
        _ICONS.get(status, "•"),
        label,
    )


def badge(kind: str, icon: str, label: object) -> SafeString:
    """Show a word as statuses are shown."""
    return format_html(
        '<span class="durable-pill durable-{}"><span aria-hidden="true">{}</span> {}</span>',
        kind,
        icon,
        label,
    )


def deed(action: str) -> str:
    """Say in the reader's language what the audit log says somebody did; as it is, if that is not known."""
    words = {
        "cancel": _("cancel"),
        "retry": _("retry"),
        "replay": _("replay"),
        "skip": _("skip a sleep"),
        "deliver": _("deliver an event"),
        "erase": _("erase payloads"),
        "configure": _("configure"),
        "reset": _("reset to code"),
        "pause": _("pause"),
        "resume": _("resume"),
        "invoke": _("run now"),
        "send": _("send"),
        "resend": _("send again"),
        "prune": _("remove what is old"),
    }
    return str(words.get(action, action))


def aside(text: object) -> SafeString:
    """Show what matters less than the line above it."""
    return format_html('<span class="durable-aside">{}</span>', text)


def lines(parts: Iterable[object]) -> SafeString:
    """Show parts one below the other."""
    return format_html_join("", '<div class="durable-part">{}</div>', ((one,) for one in parts))


def number(value: float) -> str:
    """Show a whole number with its thousands apart, as the reader's language does."""
    return str(number_format(round(value), use_l10n=True, force_grouping=True))


def exact(value: datetime | None) -> str:
    """Show a time to the millisecond, in the site's time zone."""
    if value is None:
        return EMPTY
    return f"{localtime(value):%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}"


def ago(value: datetime | None) -> SafeString | str:
    """Show how long ago something was; the exact time is its title."""
    if value is None:
        return EMPTY
    words = _("%(time)s ago") % {"time": span(clock.now() - value, units=1)}
    return format_html('<span class="durable-time" title="{}">{}</span>', exact(value), words)


def until(value: datetime | None) -> SafeString | str:
    """Show how long it is until a time; the exact time is its title."""
    if value is None:
        return EMPTY
    left = value - clock.now()
    words = (
        _("in %(time)s") % {"time": span(left, units=1)} if left.total_seconds() > 0 else _("now")
    )
    return format_html('<span class="durable-time" title="{}">{}</span>', exact(value), words)


def beginning(pk: object) -> str:
    """Return so much of an id as tells it from others, and as searches take: a time, to a part of a microsecond."""
    return str(pk)[:18]


def branch(path: str) -> str:
    """Return the place of a step in its groups, counted from 1 as people do."""
    return ".".join(str(int(number) + 1) for number in path.split(".")) if path else ""


def code(text: object) -> SafeString:
    """Show an identifier."""
    return format_html('<code class="durable-code">{}</code>', text)


def link(site: AdminSite, row: Model, label: object) -> SafeString:
    """Link to the page of a row."""
    return format_html(
        '<a class="durable-link" href="{}">{}</a>',
        url(site, row._meta.model_name, "change", row.pk),
        label,
    )


def list_link(site: AdminSite, model: str, query: str, label: object) -> SafeString:
    """Link to a list, filtered."""
    where = url(site, model, "changelist")
    return format_html('<a class="durable-link" href="{}?{}">{}</a>', where, query, label)


def url(site: AdminSite, model: str | None, page: str, *args: object) -> str:
    """Return the address of a page of ours on this admin site."""
    return reverse(f"admin:durable_{model}_{page}", args=args, current_app=site.name)


def quoted(pk: object) -> str:
    """Return an id as addresses of the admin hold it."""
    return str(quote(str(pk)))


def redirect(site: AdminSite, model: str, page: str, pk: object) -> HttpResponseRedirect:
    """Go to the page of a row."""
    return HttpResponseRedirect(url(site, model, page, quoted(pk)))


def time_of(field: str, description: Any) -> Callable[[Any, Any], str]:
    """Return a column that shows a time exactly."""

    @admin.display(description=description)
    def column(self: object, row: Any) -> str:
        return exact(getattr(row, field))

    return column


def ago_of(field: str, description: Any) -> Callable[[Any, Any], SafeString | str]:
    """Return a column that shows how long ago a time was."""

    @admin.display(description=description)
    def column(self: object, row: Any) -> SafeString | str:
        return ago(getattr(row, field))

    return column


@admin.display(description=_("status"))
def status(self: object, row: Model) -> SafeString:
    """A column that shows the status."""
    return pill(row)


@admin.display(description=_("duration"))
def duration(self: object, row: Any) -> str:
    """A column that shows how long the row took, or has taken so far."""
    if getattr(row, "status", "") == StepStatus.RETRYING:
        return EMPTY  # its pause is no work
    return took(row.started, row.ended, clock.now()) or EMPTY


@admin.display(description=_("id"))
def whole_id(self: object, row: Model) -> SafeString:
    """A column that shows the whole id."""
    return code(row.pk)


@admin.display(description=_("id"))
def short_id(self: object, row: Model) -> SafeString:
    """A column that shows the beginning of the id."""
    return format_html('<code class="durable-id" title="{}">{}</code>', row.pk, beginning(row.pk))
