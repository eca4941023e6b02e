"""Sending a test event, and sending one again. By POST, each by who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from durable.admin import payload, person, show
from durable.admin.event_routes import chosen, may_see
from durable.admin.filters import NameFilter, as_id
from durable.admin.function_actions import RunForm
from durable.authoring.event import Event as NewEvent
from durable.engine.refusal import in_words
from durable.errors import DurableError
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
        pk = _send(admin, request, form)
        if pk is not None:
            return show.redirect(admin.admin_site, "event", "change", pk)
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Send a test event"),
        "opts": admin.opts,
        "media": admin.media,
        "form": form,
        "names": sorted(NameFilter.names()),
        "back_url": show.url(admin.admin_site, "event", "changelist"),
    }
    return TemplateResponse(request, "admin/durable/event/send.html", context)


def _send(admin: EventModelAdmin, request: HttpRequest, form: SendForm) -> str | None:
    given = form.cleaned_data
    event = NewEvent(name=given["event"], data=given["payload"], id=given["custom_id"])
    try:
        pk = send_event(event, actor=person.actor(request))
    except DurableError as error:
        form.add_error(_FIELDS.get(getattr(error, "field", ""), "payload"), in_words(error))
        return None
    row = Event.objects.using(get_store().alias).get(pk=pk)
    person.log(admin, request, row, "send", row.name)
    messages.success(request, _("The event was sent."))
    return pk


_FIELDS = {"name": "event", "id": "custom_id"}


def _example(request: HttpRequest) -> dict[str, Any]:
    """Fill in what the newest event of a name said, if one is asked for and who asks may see it."""
    name = request.GET.get("name", "")
    rows = Event.objects.using(get_store().alias).filter(name=name).order_by("-received")
    found = rows.first() if name else None
    if found is None or not may_see(request, found):
        return {"event": name, "payload": "{}"}
    return {"event": name, "payload": payload.readable(found.data)}


def resend(admin: EventModelAdmin, request: HttpRequest, event: str) -> HttpResponse:
    """Start functions again for an event, and go back to its page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    person.require(request, "resend_event")
    pk = as_id(event)
    row = Event.objects.using(get_store().alias).filter(pk=pk).first() if pk else None
    if row is None:
        raise Http404
    try:
        started = resend_event(row.pk, chosen(request), actor=person.actor(request))
    except DurableError as error:
        messages.error(request, in_words(error))
    else:
        _tell(admin, request, row, started)
    return show.redirect(admin.admin_site, "event", "change", row.pk)


def _tell(admin: EventModelAdmin, request: HttpRequest, row: Event, started: Any) -> None:
    if not started:
        messages.warning(
            request, _("Nothing was started: no function was chosen, or none matches.")
        )
        return
    person.log(admin, request, row, "resend", ", ".join(f"{k} {v}" for k, v in started.items()))
    count = len(started)
    words = ngettext("%(count)d run was started.", "%(count)d runs were started.", count)
    messages.success(request, words % {"count": count})
