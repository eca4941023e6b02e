"""When a cron line of a function comes round next."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Schedule(models.Model):
    """A row is due when `due_at` is past by the database's clock. Who moves `due_at` on, from the very
    time it read, starts the run of that time."""

    id = models.BigAutoField(primary_key=True)
    function = models.CharField(_("function"), max_length=200)
    cron = models.CharField(_("cron line"), max_length=200)
    due_at = models.DateTimeField(_("next"))
    fired = models.DateTimeField(_("last"), null=True)  # the time last started, not when it was
    created = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        indexes = [
            # The look for what is due.
            models.Index(fields=["due_at"], name="durable_schedule_due_idx")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["function", "cron"], name="durable_schedule_once_per_line"
            )
        ]

    def __str__(self) -> str:
        return f"{self.function} {self.cron}"
