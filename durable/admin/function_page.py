"""The parts of the pages about functions, as their templates take them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from django.contrib.admin.sites import AdminSite
from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from durable import codec
from durable.admin import function_parallel, show
from durable.admin.function_rows import Row
from durable.models import Operation, RunStatus
from durable.models.status import FINAL_RUN
from durable.operations.selection import PART, WHOLE
from durable.store import get_store

HISTORY = 20  # operations that a page shows
_OPEN = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING)


def line(site: AdminSite, row: Row) -> dict[str, Any]:
    """Return what the list shows of a function."""
    coming = row.next
    return {
        "id": row.id,
        "name": row.name,
        "url": show.url(site, "functionconfig", "change", quote(row.id)),
        "state": state(row),
        "triggers": triggers(row),
        "version": row.version,
        "next": show.until(coming.following) if coming else "",
        "open": counts(site, row, is_open=True),
        "ended": counts(site, row, is_open=False),
        "success": row.success,
        "p50": row.p50 or show.EMPTY,
        "p95": row.p95 or show.EMPTY,
    }


def state(row: Row) -> SafeString:
    """Show whether it is paused, unknown here, or configured."""
    if row.config.paused is not None:
        return show.badge("waiting", "‖", _("paused"))
    if row.function is None:
        return show.badge("cancelled", "?", _("not registered here"))
    if row.overridden:
        return show.badge("retrying", "✎", _("configured"))
    return show.badge("done", "✓", _("as in the code"))


def triggers(row: Row) -> SafeString | str:
    """Show what starts it."""
    if not row.triggers:
        return show.EMPTY
    parts = [
        (show.code(name), format_html(" {} {}", _("if"), show.code(condition)) if condition else "")
        for name, condition in row.triggers
    ]
    return format_html_join("", "<div>{}{}</div>", parts)


def versions(row: Row) -> SafeString | str:
    """Show which version is here, and with which the last runs were started."""
    lines: list[tuple[str, str]] = []
    if row.version:
        lines.append((show.code(row.version), _("here")))
    lines += [
        (
            show.code(version) if version else _("not known"),
            _("%(count)d of the last %(all)d completed runs, last started %(when)s")
            % {"count": len(runs), "all": len(row.last), "when": show.exact(runs[0].started)},
        )
        for version, runs in row.seen.items()
    ]
    return format_html_join("", "<div>{} {}</div>", lines) or show.EMPTY


def counts(site: AdminSite, row: Row, *, is_open: bool) -> SafeString | str:
    """Show numbers of runs by status, each a link to them."""
    found, statuses = (row.figures.open, _OPEN) if is_open else (row.figures.ended, FINAL_RUN)
    parts = [
        (
            show.list_link(
                site,
                "run",
                f"function={quote_plus(row.id)}&status__exact={status}&kin={WHOLE}",
                f"{show.number(found[status])} {RunStatus(status).label}",
            ),
        )
        for status in statuses
        if found[status]
    ]
    branches = row.figures.branches.total() if is_open else 0
    if not parts and not branches:
        return show.EMPTY
    said = format_html_join(" ", '<span class="durable-count">{}</span>', parts)
    return format_html("{}{}", said, _branches(site, row, branches)) if branches else said


def _branches(site: AdminSite, row: Row, count: int) -> SafeString:
    text = ngettext("%(count)s run of a step", "%(count)s runs of steps", count)
    where = f"function={quote_plus(row.id)}&kin={PART}"
    link = show.list_link(site, "run", where, text % {"count": show.number(count)})
    return format_html('<div class="durable-aside">{}</div>', link)


def parts(request: HttpRequest, site: AdminSite, row: Row) -> dict[str, Any]:
    """Return what the page of a function shows below its form."""
    may_change = request.user.has_perm("durable.change_functionconfig")
    here = [quote(row.id)]
    return {
        "durable_row": row,
        "pause_verb": "resume" if row.config.paused else "pause",
        "do_url": show.url(site, "functionconfig", "do", *here, "pause")[: -len("pause/")],
        "run_url": show.url(site, "functionconfig", "run", *here),
        "may_configure": may_change,
        "may_run": row.is_startable and request.user.has_perm("durable.send_event"),
        "may_reset": may_change and bool(row.overridden),
        "parallel": function_parallel.part(row),
        "history": _history(row.id),
    }


def _history(function: str) -> list[dict[str, Any]]:
    rows = Operation.objects.using(get_store().alias).filter(kind="function", target=function)
    return [
        {
            "at": show.exact(one.at),
            "who": one.who,
            "via": one.via,
            "action": show.deed(one.action),
            "before": _said(one.before),
            "after": _said(one.after),
        }
        for one in rows.order_by("-pk")[:HISTORY]
    ]


def _said(text: str) -> str:
    values = codec.decode(text)
    return ", ".join(f"{name}: {value}" for name, value in values.items())
