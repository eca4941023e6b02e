"""A fact that happened: name, JSON data, time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable import codec
from durable.ids import new_id


class Event(models.Model):
    """Written by `durable.send` in the sender's transaction, and never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=256)
    custom_id = models.CharField(_("id given by the sender"), max_length=256, blank=True)
    dedupe_key = models.CharField(max_length=64, null=True, unique=True, editable=False)
    data = models.TextField(_("data"))
    ts = models.DateTimeField(_("happened"))
    received = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["name", "received"], name="durable_event_name_idx")]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"

    @property
    def value(self) -> object:
        """The data, decoded."""
        return codec.decode(self.data)
