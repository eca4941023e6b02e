"""Sending a test event, and sending one again. By POST, each by who may."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from durable.admin import payload, person, show
from durable.admin.event_routes import chosen, may_see
from durable.admin.filters import NameFilter, as_id
from durable.admin.function_actions import RunForm, example_of
from durable.admin.once import DoneBeforeError, once
from durable.authoring.event import Event as NewEvent
from durable.authoring.registry import registry
from durable.engine.refusal import in_words
from durable.errors import DurableError
from durable.ids import new_id
from durable.models import Event
from durable.operations.dispatch import resend_event, send_event
from durable.store import get_store

if TYPE_CHECKING:
    EventModelAdmin = ModelAdmin[Event]


class SendForm(RunForm):
    """An event."""

    field_order = ("event", "payload", "custom_id")
    event = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=256,
        widget=forms.TextInput(attrs={"list": "durable-names", "size": 60, "autocomplete": "off"}),
        help_text=gettext_lazy("Names that functions listen to are offered."),
    )
    custom_id = forms.CharField(
        label=gettext_lazy("Id"),
        max_length=256,
        required=False,
        help_text=gettext_lazy("With an id, an event of this name counts once."),
    )


def offer_send(admin: EventModelAdmin, request: HttpRequest) -> HttpResponse:
    """Show the form, or send the event and go to its page."""
    person.require(request, "send_event")
    form = SendForm(request.POST or None, initial=_example(request))
    if request.method == "POST" and form.is_valid():
        try:
            pk = _send(admin, request, form)
        except DoneBeforeError:
            return redirect(show.url(admin.admin_site, "event", "changelist"))
        if pk is not None:
            return show.redirect(admin.admin_site, "event", "change", pk)
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Send a test event"),
        "opts": admin.opts,
        "media": admin.media,
        "form": form,
        "durable_once": new_id(),
        "names": sorted(NameFilter.names()),
        "back_url": show.url(admin.admin_site, "event", "changelist"),
    }
    return TemplateResponse(request, "admin/durable/event/send.html", context)


def _send(admin: EventModelAdmin, request: HttpRequest, form: SendForm) -> str | None:
    given = form.cleaned_data
    event = NewEvent(name=given["event"], data=given["payload"], id=given["custom_id"])
    try:
        pk = once(request, partial(send_event, event, actor=person.actor(request)))
    except DurableError as error:
        form.add_error(_FIELDS.get(getattr(error, "field", ""), "payload"), in_words(error))
        return None
    row = Event.objects.using(get_store().alias).get(pk=pk)
    person.log(admin, request, row, "send", row.name)
    messages.success(request, _("The event was sent."))
    return pk


_FIELDS = {"name": "event", "id": "custom_id"}


def _example(request: HttpRequest) -> dict[str, Any]:
    """Fill in what an event said that is asked for, or the newest of a name, if who asks may see it.

    Otherwise the example of a function that listens to such events.
    """
    found = _model(request)
    name = found.name if found else request.GET.get("name", "")
    if found is None or not may_see(request, found):
        listening = (trigger for trigger, _function in registry.listeners(name))
        return {"event": name, "payload": example_of(listening)}
    return {"event": name, "payload": payload.readable(found.data)}


def _model(request: HttpRequest) -> Event | None:
    rows = Event.objects.using(get_store().alias).order_by("-received")
    if pk := as_id(request.GET.get("like", "")):
        return rows.filter(pk=pk).first()
    name = request.GET.get("name", "")
    return rows.filter(name=name).first() if name else None


def resend(admin: EventModelAdmin, request: HttpRequest, event: str) -> HttpResponse:
    """Start functions again for an event, and go back to its page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person.require(request, "resend_event")
    pk = as_id(event)
    row = Event.objects.using(get_store().alias).filter(pk=pk).first() if pk else None
    if row is None:
        raise Http404
    again = partial(resend_event, row.pk, chosen(request), actor=person.actor(request))
    try:
        _tell(admin, request, row, once(request, again))
    except DurableError as error:
        messages.error(request, in_words(error))
    except DoneBeforeError:
        pass
    return show.redirect(admin.admin_site, "event", "change", row.pk)


def _tell(admin: EventModelAdmin, request: HttpRequest, row: Event, started: Any) -> None:
    if not started:
        messages.warning(
            request, _("Nothing was started: no function was chosen, or none matches.")
        )
        return
    person.log(admin, request, row, "resend", person.in_short(started))
    count = len(started)
    words = ngettext("%(count)d run was started.", "%(count)d runs were started.", count)
    messages.success(request, words % {"count": count})
