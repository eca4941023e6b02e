"""What can be done with a function: paused, resumed, reset, run now. By POST, each by who may."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from durable.admin import function_rows, payload, person, show
from durable.admin.function_rows import Row
from durable.admin.once import DoneBeforeError, once
from durable.authoring.trigger import TriggerEvent
from durable.engine.refusal import in_words
from durable.errors import DurableError
from durable.ids import new_id
from durable.models import Event, FunctionConfig, Run
from durable.operations.configure import pause_function, reset_function, resume_function
from durable.operations.dispatch import invoke_function
from durable.operations.restore import whole
from durable.store import get_store

if TYPE_CHECKING:
    FunctionModelAdmin = ModelAdmin[FunctionConfig]

_VERBS = {"pause": pause_function, "resume": resume_function, "reset": reset_function}


def act(admin: FunctionModelAdmin, request: HttpRequest, function: str, verb: str) -> HttpResponse:
    """Pause, resume or reset a function, and go back to its page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person.require(request, "change_functionconfig")
    row = function_rows.row(function)
    if row is None or verb not in _VERBS:
        raise Http404
    if done := _VERBS[verb](function, actor=person.actor(request)):
        person.log(admin, request, row.config, verb, person.in_short(done))
        messages.success(request, _said(verb, function))
    else:
        messages.info(request, _("There was nothing to do."))
    return show.redirect(admin.admin_site, "functionconfig", "change", function)


def _said(verb: str, function: str) -> str:
    said = {
        "pause": _("%s is paused: its runs queue, and those at work rest before their next step."),
        "resume": _("%s goes on; runs that were held back start in the order of their creation."),
        "reset": _("%s is as the code and the settings have it."),
    }
    return said[verb] % function


class RunForm(forms.Form):
    """The data of the event that a run is given."""

    payload = forms.CharField(
        label=gettext_lazy("Data"),
        widget=forms.Textarea(attrs={"rows": 14, "cols": 80, "spellcheck": "false"}),
        help_text=gettext_lazy("A JSON object: what the function finds in ctx.event.data."),
    )

    def clean_payload(self) -> dict[str, Any]:
        """Read it."""
        try:
            value = json.loads(self.cleaned_data["payload"])
        except RecursionError:
            raise forms.ValidationError(_("That is nested too deeply.")) from None
        except ValueError as error:
            raise forms.ValidationError(_("That is no JSON: %s.") % error) from None
        if not isinstance(value, dict):
            raise forms.ValidationError(_("Write an object: {…}."))
        try:
            return whole(value)
        except DurableError as error:
            raise forms.ValidationError(in_words(error)) from None


def offer_run(admin: FunctionModelAdmin, request: HttpRequest, function: str) -> HttpResponse:
    """Show the form, or start the run and go to its page."""
    person.require(request, "send_event")
    row = function_rows.row(function)
    if row is None or not row.is_startable:
        raise Http404
    source, data = example(request, row)
    form = RunForm(request.POST or None, initial={"payload": data})
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data["payload"]
            run = once(request, partial(_start, request, function, data))
        except DurableError as error:
            form.add_error("payload", in_words(error))
        except DoneBeforeError:
            return show.redirect(admin.admin_site, "functionconfig", "change", function)
        else:
            said = person.in_short({"run": (None, run.pk)})
            person.log(admin, request, row.config, "invoke", said)
            messages.success(request, _("A run of %s was started.") % function)
            return show.redirect(admin.admin_site, "run", "change", run.pk)
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Run %s now") % row.name,
        "opts": admin.opts,
        "media": admin.media,
        "form": form,
        "source": source,
        "durable_once": new_id(),
        "is_paused": row.config.paused is not None,
        "back_url": show.url(admin.admin_site, "functionconfig", "change", show.quoted(function)),
    }
    return TemplateResponse(request, "admin/durable/functionconfig/run.html", context)


def _start(request: HttpRequest, function: str, data: dict[str, Any]) -> Run:
    return invoke_function(function, data, actor=person.actor(request)).run


def example(request: HttpRequest, row: Row) -> tuple[Event | None, str]:
    """Return the newest event that is such as starts it, and its data, if who asks may see payloads.

    Without one, the data is the example that the function's code gives.
    """
    assert row.function is not None
    triggers = [one for one in row.function.triggers if isinstance(one, TriggerEvent)]
    rows = Event.objects.using(get_store().alias).filter(name__in=[one.event for one in triggers])
    found = rows.order_by("-received").first() if payload.may_see(request, row.id) else None
    return found, payload.readable(found.data) if found else example_of(triggers)


def example_of(triggers: Iterable[TriggerEvent]) -> str:
    """Return the first example that one of these gives, written out; if none does, an object with nothing in it."""
    given = (dict(one.example) for one in triggers if one.example is not None)
    return json.dumps(next(given, {}), indent=2, ensure_ascii=False)
