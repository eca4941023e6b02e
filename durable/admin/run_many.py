"""Doing something to many runs: those that are ticked at once, all that match in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http import HttpResponseRedirect as Redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from durable.admin import show
from durable.admin.acting import actor
from durable.admin.run_act import UnreadableError, as_object, log, once_of
from durable.admin.run_filters import selection_of
from durable.admin.run_offers import may
from durable.errors import DurableError
from durable.ids import new_id
from durable.models import Run
from durable.operations.act import Deed, act
from durable.operations.selection import Selection
from durable.own.many import ask

MOST = 100  # runs that are done within the request; the admin ticks no more on a page

Data = dict[str, Any] | None
Action = Callable[[Any, HttpRequest, QuerySet[Run]], HttpResponse | None]


def _action(verb: str, words: Any) -> Action:
    @admin.action(description=words, permissions=[verb])
    def action(
        self: admin.ModelAdmin[Run], request: HttpRequest, runs: QuerySet[Run]
    ) -> HttpResponse | None:
        return _confirm_or_do(self, request, runs, verb)

    action.__name__ = f"{verb}_runs"
    return action


WORDS = {
    "cancel": gettext_lazy("Cancel the chosen runs"),
    "retry": gettext_lazy("Retry the chosen runs from the step that failed"),
    "replay": gettext_lazy("Replay the chosen runs as new runs"),
    "skip": gettext_lazy("Skip the sleeps that the chosen runs are in"),
    "deliver": gettext_lazy("Deliver an event to the chosen runs that wait for one"),
    "erase": gettext_lazy("Erase the payloads of the chosen runs"),
}
ACTIONS: list[Action] = [_action(verb, words) for verb, words in WORDS.items()]


def _confirm_or_do(
    self: admin.ModelAdmin[Run], request: HttpRequest, runs: QuerySet[Run], verb: str
) -> HttpResponse | None:
    if not may(request, verb):
        raise PermissionDenied
    is_all = request.POST.get("select_across") == "1"
    selection = selection_of(request) if is_all else None
    if is_all and selection is None:
        words = _(
            "All that match cannot be done for this address; use the filters beside the list."
        )
        messages.error(request, words)
        return None
    if request.POST.get("durable_sure") != "yes":
        return _ask_whether(self, request, runs, verb, is_all=is_all)
    try:
        data = as_object(request.POST.get("durable_data") or "{}") if verb == "deliver" else None
    except UnreadableError as error:
        messages.error(request, str(error))
        return None
    if selection is not None:
        return _do_all(self, request, selection, verb, data)
    _do_some(self, request, runs[:MOST], verb, data)
    return None


def _ask_whether(
    self: admin.ModelAdmin[Run],
    request: HttpRequest,
    runs: QuerySet[Run],
    verb: str,
    *,
    is_all: bool,
) -> HttpResponse:
    """Show what is about to happen. The page sends the same form again, with a word that makes it count once."""
    some = list(runs.defer("output", "error").order_by("-pk")[:MOST])
    context = {
        **self.admin_site.each_context(request),
        "title": WORDS[verb],
        "opts": self.model._meta,
        "durable_action": f"{verb}_runs",
        "durable_verb": verb,
        "durable_is_all": is_all,
        "durable_chosen": [
            {
                "pk": run.pk,
                "link": show.link(self.admin_site, run, run.pk),
                "state": show.pill(run),
                "function": run.title,
            }
            for run in some
        ],
        "durable_filters": _filters(request) if is_all else [],
        "durable_once": new_id(),
        "checkbox": ACTION_CHECKBOX_NAME,
        "media": self.media,
    }
    return TemplateResponse(request, "admin/durable/run/sure.html", context)


def _filters(request: HttpRequest) -> list[tuple[str, Any]]:
    selection = selection_of(request)
    return list(selection.to_json().items()) if selection else []


def _do_some(
    self: admin.ModelAdmin[Run], request: HttpRequest, runs: Iterable[Run], verb: str, data: Data
) -> None:
    done, refused = 0, []
    once = once_of(request)
    for run in runs:
        try:
            result = act(actor(request), Deed(verb=verb, run=run.pk, data=data, once=once))
        except DurableError as error:
            refused.append(str(error))
            continue
        done += result.is_new
        if result.is_new:
            log(self, request, run, verb, result)
    one, many = "Done to %(count)d run.", "Done to %(count)d runs."
    messages.success(request, ngettext(one, many, done) % {"count": done})
    for sentence in refused[:5]:
        messages.warning(request, sentence)
    if len(refused) > 5:
        words = _("and %(count)d more were refused.") % {"count": len(refused) - 5}
        messages.warning(request, words)


def _do_all(
    self: admin.ModelAdmin[Run], request: HttpRequest, selection: Selection, verb: str, data: Data
) -> HttpResponse:
    once = once_of(request) or str(new_id())
    pk = ask(actor(request), verb, selection, once, data)
    run = Run.objects.using(self.get_queryset(request).db).get(pk=pk)
    self.log_change(request, run, f"durable: {verb} all runs that match {selection.to_json()}")
    messages.success(
        request, _("It is being done in the background; this page shows how far it is.")
    )
    return Redirect(show.url(self.admin_site, "run", "change", pk))
