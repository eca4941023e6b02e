"""Who waits for which events."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable.models.event import Event
from durable.models.run import Run
from durable.models.step import Step


class Wait(models.Model):
    """A step that waits for an event, or a run that an event cancels. Kept while it is waited for.

    An event is found by its name and `match`, the digest of one value in it; what else is asked of it
    is looked at when it has come. Without a step, the event cancels the run.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.CASCADE, related_name="waits", verbose_name=_("run"))
    step = models.OneToOneField(Step, models.CASCADE, null=True, verbose_name=_("step"))
    event = models.CharField(_("event"), max_length=256)
    path = models.CharField(max_length=200, blank=True)  # of the value; empty for any event
    match = models.CharField(max_length=64, blank=True, editable=False)
    rest = models.TextField(_("condition"), blank=True)
    lookback = models.FloatField(null=True)  # seconds before the start, while still to be looked at
    expires = models.DateTimeField(_("expires"), null=True)
    created = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("wait")
        verbose_name_plural = _("waits")
        indexes = [models.Index(fields=["event", "match", "id"], name="durable_wait_event_idx")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.event}"

    def was_over_at(self, moment: datetime) -> bool:
        """Whether its time was over then."""
        return self.expires is not None and self.expires <= moment


class Delivery(models.Model):
    """An event that a waiting run got. For people: nothing of the engine reads it."""

    id = models.BigAutoField(primary_key=True)
    # Without constraints: events and runs may be removed in any order, by statements of any kind.
    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", db_constraint=False)
    run = models.ForeignKey(Run, models.CASCADE, related_name="deliveries", db_constraint=False)
    step = models.CharField(_("step"), max_length=255, blank=True)
    delivered = models.DateTimeField(_("delivered"))

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.event_id} {self.run_id} {self.step}"


class WaitPath(models.Model):
    """A path that waits for events of one name use, or used: few, and never forgotten."""

    id = models.BigAutoField(primary_key=True)
    event = models.CharField(max_length=256)
    path = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "path"], name="durable_wait_path")]

    def __str__(self) -> str:
        return f"{self.event} {self.path}"
