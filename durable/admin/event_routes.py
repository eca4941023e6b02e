"""Why an event started the functions it did, and not the others: by the code that starts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from durable.admin import payload, show
from durable.authoring.registry import registry
from durable.engine.route import Verdict, judge
from durable.models import Delivery, Event, Run
from durable.store import get_store

WOKEN = 50  # runs that waited for it which a page shows


def routes_of(request: HttpRequest, site: AdminSite, event: Event) -> dict[str, Any]:
    """Return what the page of an event says of functions and of those who waited."""
    if not request.user.has_perm("durable.view_run"):
        return {}
    verdicts = judge(event)
    ids = sorted({verdict.function.id for verdict in verdicts})
    first = _first_runs(event, ids)
    woken = Delivery.objects.using(get_store().alias).filter(event=event.pk).order_by("pk")
    found = list(woken.select_related("run").only("step", "run__function")[: WOKEN + 1])
    others = len({function.id for function in registry} - set(ids))
    return {
        "verdicts": [_line(site, verdict, first) for verdict in verdicts],
        "others": ngettext(
            "%(count)d other function listens to other events.",
            "%(count)d other functions listen to other events.",
            others,
        )
        % {"count": others},
        "nearest": None if verdicts else registry.nearest(event.name),
        "woken": [
            {"link": show.link(site, one.run, one.run.function), "step": one.step}
            for one in found[:WOKEN]
        ],
        "more_woken": len(found) > WOKEN,
        "most_woken": WOKEN,
    }


def may_see(request: HttpRequest, event: Event) -> bool:
    """Whether the data of an event is shown to who asks: not if a function's that it concerns is not."""
    rows = Run.objects.using(get_store().alias).filter(event=event).order_by()
    listening = {function.id for _trigger, function in registry.listeners(event.name)}
    concerned = listening | set(rows.values_list("function", flat=True)[:WOKEN])
    if not concerned:
        return bool(request.user.has_perm("durable.view_payload"))
    return all(payload.may_see(request, function) for function in concerned)


def _first_runs(event: Event, functions: list[str]) -> Mapping[str, Run]:
    rows = Run.objects.using(get_store().alias).filter(event=event, function__in=functions)
    return {run.function: run for run in rows.only("function", "status").order_by("-replay")}


def _line(site: AdminSite, verdict: Verdict, runs: Mapping[str, Run]) -> dict[str, Any]:
    function = verdict.function.id
    run = runs.get(function)
    return {
        "id": function,
        "function": format_html(
            '<a class="durable-link" href="{}">{}</a>',
            show.url(site, "functionconfig", "change", show.quoted(function)),
            function,
        ),
        "trigger": verdict.trigger.event,
        "condition": verdict.trigger.expression or "",
        "is_met": verdict.is_met,
        "badge": _badge(verdict),
        "why": show.link(site, run, _("it started this run")) if run else _why(site, verdict),
    }


def _badge(verdict: Verdict) -> SafeString:
    if verdict.is_met:
        return show.badge("done", "✓", _("matches"))
    if verdict.error is not None:
        return show.badge("failed", "✗", _("not computable"))
    return show.badge("cancelled", "⊘", _("does not match"))


def _why(site: AdminSite, verdict: Verdict) -> SafeString | str:
    if verdict.error is not None:
        return str(verdict.error)
    if not verdict.is_met:
        return _("its condition does not hold for this event")
    if verdict.key is not None:
        rows = Run.objects.using(get_store().alias).filter(dedupe_key=verdict.key)
        if (first := rows.only("pk").first()) is not None:
            run = show.link(site, first, show.tail(first.pk))
            return format_html(_("it counts once by its idempotency key: run {} had it"), run)
    return _("it listens now, but did not when the event came in")


def chosen(request: HttpRequest) -> list[str] | None:
    """Return the functions that were chosen in the form; None for those that match."""
    if request.POST.get("functions") == "all":
        return None
    return [one for one in request.POST.getlist("function") if one in registry.functions]
