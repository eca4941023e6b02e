"""A fact that happened: name, JSON data, time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from durable import codec
from durable.ids import new_id
from durable.models.exact import ExactCharField
from durable.models.index import KnownUnique, OpenIndex


class Event(models.Model):
    """Written by `durable.send` in the sender's transaction, and never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=256)
    custom_id = models.CharField(_("id given by the sender"), max_length=256, blank=True)
    dedupe_key = models.CharField(max_length=64, null=True, editable=False)
    data = models.TextField(_("data"))
    tenant = ExactCharField(_("tenant"), max_length=128, blank=True, default="")
    subject = ExactCharField(_("subject"), max_length=200, blank=True, default="")
    key = models.CharField(_("sent with the key"), max_length=16, blank=True)  # its prefix
    ts = models.DateTimeField(_("happened"))
    received = models.DateTimeField(_("received"))
    erased = models.DateTimeField(_("data erased"), null=True)
    route_at = models.DateTimeField(null=True, editable=False)  # until who waits for it has got it
    trace = models.CharField(max_length=55, blank=True, editable=False)  # W3C traceparent
    last_wait = models.BigIntegerField(null=True, editable=False)  # the newest of those who get it

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        permissions = [
            ("send_event", _("Can send events, and run functions")),
            ("resend_event", _("Can send events again")),
        ]
        indexes = [
            models.Index(fields=["name", "received"], name="durable_event_name_idx"),
            OpenIndex(
                fields=["route_at"], where=Q(route_at__isnull=False), name="durable_event_route_idx"
            ),
        ]
        constraints = [KnownUnique(field="dedupe_key", name="durable_event_once_per_key")]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"

    @property
    def value(self) -> object:
        """The data, decoded."""
        return codec.decode(self.data)
