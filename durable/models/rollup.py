"""Sums over runs that have ended, for charts: small, and never asked of the runs themselves again."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable.models.status import RunStatus


class Rollup(models.Model):
    """How far runs have been counted: one row. Who moves `until` on, from the time it read, adds the sums
    of what lies between in the same transaction, so each run is counted once."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    until = models.DateTimeField()  # runs that ended before are in the sums
    due_at = models.DateTimeField()  # nobody else looks before

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"counted until {self.until:%Y-%m-%d %H:%M}"


class RunTally(models.Model):
    """Runs that ended within a minute, by how they ended: of all functions, as a chart adds them up."""

    id = models.BigAutoField(primary_key=True)
    minute = models.DateTimeField(_("minute"))
    status = models.CharField(_("status"), max_length=10, choices=RunStatus.choices)
    count = models.IntegerField(_("runs"))

    class Meta:
        verbose_name = _("chart")
        verbose_name_plural = _("charts")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(fields=["minute", "status"], name="durable_runtally_once")
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.status} {self.count}"


class Tally(models.Model):
    """So many runs of a function within an hour."""

    id = models.BigAutoField(primary_key=True)
    hour = models.DateTimeField(_("hour"))
    function = models.CharField(_("function"), max_length=200)
    count = models.IntegerField(_("runs"))

    class Meta:
        abstract = True


class EndTally(Tally):
    """Those that ended, by how they ended."""

    status = models.CharField(_("status"), max_length=10, choices=RunStatus.choices)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "function", "status"], name="durable_endtally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.function} {self.status} {self.count}"


class TimeTally(Tally):
    """Those that were completed, by how long they took: four buckets to a doubling."""

    bucket = models.SmallIntegerField()  # floor(4 · log2(milliseconds)), at least 0

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "function", "bucket"], name="durable_timetally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.function} {self.bucket} {self.count}"


class FailureTally(Tally):
    """Those that failed alike. What varies in their messages is left out."""

    fingerprint = models.CharField(max_length=32)
    name = models.CharField(_("error"), max_length=200)
    place = models.CharField(_("place"), max_length=200)
    message = models.CharField(_("message"), max_length=200)  # without what varies
    last = models.DateTimeField(_("last"))
    run = models.UUIDField(_("last run"))

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "function", "fingerprint"], name="durable_failuretally_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.function} {self.name} {self.count}"
