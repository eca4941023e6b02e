"""Doing something to many runs: those that are ticked at once, all that match in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
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
from durable.admin.filters import as_id
from durable.admin.person import actor
from durable.admin.run_action import UnreadableError, as_object, log, once_of
from durable.admin.run_allowed import may
from durable.admin.run_filters import selection_of
from durable.engine.refusal import in_words
from durable.errors import DurableError
from durable.ids import new_id
from durable.models import Run, Step
from durable.operations.act import Deed, act
from durable.operations.restore import whole
from durable.operations.selection import Selection
from durable.own.bulk import COUNTED, ask, meant
from durable.store import get_store

MOST = 100  # runs that are done within the request; the admin ticks no more on a page
_LOOKED_AT, _NAMES = 20, 200  # runs whose steps are offered to start from, and so many of those

Action = Callable[[Any, HttpRequest, QuerySet[Run]], HttpResponse | None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done to each: from which step, and with what data, where the verb takes them."""

    verb: str
    step: str = ""
    data: dict[str, Any] | None = None


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
    "replay": gettext_lazy("Replay the chosen runs, from a step or with other input"),
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
        return _ask_whether(self, request, runs, verb, selection)
    try:
        wish = _wish(request, verb)
    except (DurableError, UnreadableError) as error:
        messages.error(request, in_words(error))
        return None
    if selection is not None:
        return _do_all(self, request, selection, wish)
    _do_some(self, request, runs[:MOST], wish)
    return None


def _wish(request: HttpRequest, verb: str) -> Wish:
    """Read what the page that asked for more was sent with."""
    text = request.POST.get("durable_data", "").strip() or "{}"
    step = request.POST.get("durable_from", "").strip() if verb == "replay" else ""
    data = whole(as_object(text)) if verb in ("deliver", "replay") else None
    return Wish(verb, step, None if verb == "replay" and not data else data)


def _ask_whether(
    self: admin.ModelAdmin[Run],
    request: HttpRequest,
    runs: QuerySet[Run],
    verb: str,
    selection: Selection | None,
) -> HttpResponse:
    """Show what is about to happen. The page sends the same form again, with a word that makes it count once.

    The word is an id: of all that match, runs that were made after it are left alone.
    """
    some = list(runs.defer("output", "error").order_by("-pk")[:MOST])
    number = len(some) if selection is None else meant(verb, selection)
    context = {
        **self.admin_site.each_context(request),
        "title": WORDS[verb],
        "opts": self.model._meta,
        "durable_action": f"{verb}_runs",
        "durable_verb": verb,
        "durable_is_all": selection is not None,
        "durable_number": number,
        "durable_is_more": number > len(some),
        "durable_is_beyond": number > COUNTED,
        "durable_counted": COUNTED,
        "durable_steps": _steps_of(some) if verb == "replay" else [],
        "durable_chosen": [
            {
                "pk": run.pk,
                "link": show.link(self.admin_site, run, run.pk),
                "state": show.pill(run),
                "function": run.title,
            }
            for run in some
        ],
        "durable_filters": list(selection.to_json().items()) if selection else [],
        "durable_once": new_id(),
        "checkbox": ACTION_CHECKBOX_NAME,
        "media": self.media,
    }
    return TemplateResponse(request, "admin/durable/run/sure.html", context)


def _steps_of(runs: Iterable[Run]) -> list[str]:
    """Return the names of steps of some of the runs, to choose from."""
    ids = [run.pk for run in runs][:_LOOKED_AT]
    steps = Step.objects.using(get_store().alias).filter(run__in=ids).order_by("pk")
    titles = (step.title for step in steps.only("name", "index")[:_NAMES])
    return list(dict.fromkeys(titles))


def _do_some(
    self: admin.ModelAdmin[Run], request: HttpRequest, runs: Iterable[Run], wish: Wish
) -> None:
    done, refused = 0, []
    once = once_of(request)
    for run in runs:
        try:
            deed = Deed(
                verb=wish.verb,
                run=run.pk,
                step=wish.step or None,
                data=wish.data,
                is_patch=True,
                once=once,
            )
            result = act(actor(request), deed)
        except DurableError as error:
            refused.append(in_words(error))
            continue
        done += result.is_new
        if result.is_new:
            log(self, request, run, wish.verb, result)
    words = ngettext("Done to %(count)d run.", "Done to %(count)d runs.", done)
    messages.success(request, words % {"count": done})
    for sentence in refused[:5]:
        messages.warning(request, sentence)
    if len(refused) > 5:
        words = _("and %(count)d more were refused.") % {"count": len(refused) - 5}
        messages.warning(request, words)


def _do_all(
    self: admin.ModelAdmin[Run], request: HttpRequest, selection: Selection, wish: Wish
) -> HttpResponse:
    once = once_of(request) or str(new_id())
    if as_id(once):
        selection = replace(selection, until=once)
    pk = ask(actor(request), wish.verb, selection, once, wish.data, wish.step)
    run = Run.objects.using(self.get_queryset(request).db).get(pk=pk)
    said = f"durable: {wish.verb} many; runs that match {selection.to_json()}"
    step = f"; from step {wish.step}" if wish.step else ""
    where = f"each of them has its line in the table of operations, with bulk: {pk}"
    self.log_change(request, run, f"{said}{step}; {where}")
    messages.success(
        request, _("It is being done in the background; this page shows how far it is.")
    )
    return Redirect(show.url(self.admin_site, "run", "change", pk))
