"""Doing something to one run: asked for by a form on its page, with POST and a permission of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http import HttpResponseRedirect as Redirect
from django.utils.translation import gettext as _

from durable import codec
from durable.admin import payload, show
from durable.admin.person import actor
from durable.admin.run_allowed import PERMISSIONS, may
from durable.engine.refusal import in_words
from durable.errors import DurableError
from durable.models import Run
from durable.operations.act import Deed, Done, act
from durable.operations.restore import restored, whole

_TOLD = ("step", "input", "made")
_LONGEST = 100  # characters of a word by which a wish is known


def act_on(admin: ModelAdmin[Run], request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
    """Do it, log it, and go to the page where it can be seen; or say why not."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    run = admin.get_object(request, str(pk))
    if run is None or verb not in PERMISSIONS:
        raise Http404
    if not admin.has_view_permission(request, run) or not may(request, verb):
        raise PermissionDenied
    here = show.url(admin.admin_site, "run", "change", run.pk)
    try:
        done = act(actor(request), _deed(request, run, verb))
    except (DurableError, UnreadableError) as error:
        messages.error(request, in_words(error))
        return Redirect(here)
    if done.is_new:
        log(admin, request, run, verb, done)
    messages.success(request, _said(verb, done))
    return Redirect(
        show.url(admin.admin_site, "run", "change", done.made) if verb == "replay" else here
    )


class UnreadableError(Exception):
    """What was written into the form is no JSON object."""


def _deed(request: HttpRequest, run: Run, verb: str) -> Deed:
    form = request.POST
    if verb == "replay":
        return Deed(
            verb=verb,
            run=run.pk,
            step=form.get("durable_from") or None,
            data=_edited(request, run),
            once=once_of(request),
        )
    step = form.get(f"durable_{verb}", "")
    number = int(step) if step.isascii() and step.isdigit() else step
    data = whole(as_object(form.get("durable_data", "") or "{}")) if verb == "deliver" else None
    return Deed(verb=verb, run=run.pk, step=number, data=data)


def once_of(request: HttpRequest) -> str:
    """Return the word of a form by which the same wish is known when it is sent twice; ours are short."""
    word = request.POST.get("durable_once", "")
    return word if len(word) <= _LONGEST and word.isprintable() else ""


def _edited(request: HttpRequest, run: Run) -> dict[str, Any] | None:
    """Return the other input, if who asks has written one; what was hidden from them is put back."""
    text = request.POST.get("durable_input", "").strip()
    if not text:
        return None
    edited = as_object(text)
    original = codec.decode(run.event.data) if run.event is not None else {}
    may_see = payload.may_see(request, run.function)
    edited = restored(edited, original) if may_see else whole(edited)
    return None if edited == original else edited


def as_object(text: str) -> dict[str, Any]:
    """Read what somebody wrote into a form.

    Raises:
        UnreadableError: it is no JSON object.
    """
    try:
        value = codec.decode(text)
    except RecursionError:
        raise UnreadableError(_("The data is nested too deeply.")) from None
    except ValueError as error:
        raise UnreadableError(_("The data is not JSON: %(why)s") % {"why": error}) from None
    if not isinstance(value, dict):
        raise UnreadableError(_("The data must be a JSON object, in braces."))
    return value


def _said(verb: str, done: Done) -> str:
    said = {
        "cancel": _("The run was cancelled."),
        "retry": _("The run goes on from the step that failed."),
        "replay": _("This is the new run."),
        "skip": _("The sleep was skipped."),
        "deliver": _("The event was delivered."),
        "erase": _("The payloads were erased."),
    }
    return said[verb] if done.is_new else _("That was done before; nothing was changed.")


def log(admin: ModelAdmin[Run], request: HttpRequest, run: Run, verb: str, done: Done) -> None:
    """Write it into the admin's own log, as its pages do, with what the audit log says."""
    statuses = f"status was {done.before['status']}, is {done.after['status']}"
    others = [f"{name}: {done.after[name]}" for name in _TOLD if name in done.after]
    admin.log_change(request, run, "; ".join([f"durable: {verb}", statuses, *others]))
