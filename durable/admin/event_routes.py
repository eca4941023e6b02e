"""Why an event started the functions it did, and not the others: by the code that starts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.admin.sites import AdminSite
from django.db.models import QuerySet, Value
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
from durable.store.together import together

WOKEN = 50  # runs that waited for it which a page shows


def routes_of(request: HttpRequest, site: AdminSite, event: Event) -> dict[str, Any]:
    """Return what the page of an event says of functions and of those who waited."""
    if not request.user.has_perm("durable.view_run"):
        return {}
    verdicts = judge(event)
    ids = sorted({verdict.function.id for verdict in verdicts})
    runs = _runs_of(event, ids, [one.key for one in verdicts if one.is_met and one.key is not None])
    woken = Delivery.objects.using(get_store().alias).filter(event=event.pk).order_by("pk")
    found = list(woken.select_related("run").only("step", "run__function")[: WOKEN + 1])
    others = len({function.id for function in registry} - set(ids))
    return {
        "verdicts": [
            _line(site, verdict, runs, is_shown=may_see(request, event)) for verdict in verdicts
        ],
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
    listening = {function.id for _trigger, function in registry.listeners(event.name)}
    concerned = listening | _started(event)
    if not concerned:
        return bool(request.user.has_perm("durable.view_payload"))
    return all(payload.may_see(request, function) for function in concerned)


def _started(event: Event) -> set[str]:
    """Return functions of which it started runs; asked for once, as the page asks more than once."""
    if "started" not in event.__dict__:
        rows = Run.objects.using(get_store().alias).filter(event=event).order_by()
        event.__dict__["started"] = set(rows.values_list("function", flat=True)[:WOKEN])
    found: set[str] = event.__dict__["started"]
    return found


def _runs_of(event: Event, functions: list[str], keys: list[str]) -> Mapping[tuple[str, str], UUID]:
    """Return the runs that the event started first, by function, and those that have keys, by key."""
    alias = get_store().alias
    rows = Run.objects.using(alias).order_by()
    mine = rows.filter(event=event, function__in=functions).annotate(kind=Value("function"))
    others = rows.filter(dedupe_key__in=keys).annotate(kind=Value("key"))
    looks: list[QuerySet[Any, Any]] = [
        mine.values_list("kind", "function", "replay", "pk"),
        others.values_list("kind", "dedupe_key", "replay", "pk"),
    ]
    found = sorted(together(alias, looks), key=lambda row: row[2], reverse=True)
    return {(kind, name): pk for kind, name, _replay, pk in found}


def _line(
    site: AdminSite,
    verdict: Verdict,
    runs: Mapping[tuple[str, str], UUID],
    *,
    is_shown: bool,
) -> dict[str, Any]:
    function = verdict.function.id
    run = runs.get(("function", function))
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
        "why": (
            show.link(site, Run(pk=run), _("it started this run"))
            if run
            else _why(site, verdict, runs, is_shown=is_shown)
        ),
    }


def _badge(verdict: Verdict) -> SafeString:
    if verdict.is_met:
        return show.badge("done", "✓", _("matches"))
    if verdict.error is not None:
        return show.badge("failed", "✗", _("not computable"))
    return show.badge("cancelled", "⊘", _("does not match"))


def _why(
    site: AdminSite,
    verdict: Verdict,
    runs: Mapping[tuple[str, str], UUID],
    *,
    is_shown: bool,
) -> SafeString | str:
    if verdict.error is not None:  # it may quote the data
        return str(verdict.error) if is_shown else _("its condition cannot be computed")
    if not verdict.is_met:
        return _("its condition does not hold for this event")
    if verdict.key is not None and (first := runs.get(("key", verdict.key))) is not None:
        run = show.link(site, Run(pk=first), show.beginning(first))
        return format_html(_("it counts once by its idempotency key: run {} had it"), run)
    return _("it listens now, but did not when the event came in")


def chosen(request: HttpRequest) -> list[str] | None:
    """Return the functions that were chosen in the form; None for those that match."""
    if request.POST.get("functions") == "all":
        return None
    return [one for one in request.POST.getlist("function") if one in registry.functions]
