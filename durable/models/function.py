"""What the site says about a function without a deploy."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from durable import codec


class FunctionConfig(models.Model):
    """NULL leaves an option as the code, the client or the settings have it.

    Changed by the verbs of `durable.operations.configure` only, which write down who did it.
    """

    function = models.CharField(_("function"), max_length=200, primary_key=True)
    retries = models.SmallIntegerField(_("retries"), null=True)
    backoff = models.TextField(_("back-off"), null=True)  # JSON list of seconds
    parallel_mode = models.CharField(_("parallel mode"), max_length=4, null=True)
    max_parallel = models.IntegerField(_("steps at the same time"), null=True)  # of one run
    threads = models.SmallIntegerField(_("threads"), null=True)
    fan_out = models.BooleanField(_("fan-out"), null=True)
    priority = models.SmallIntegerField(_("priority"), null=True)  # seconds
    retention = models.IntegerField(_("retention"), null=True)  # days
    paused = models.DateTimeField(_("paused"), null=True)  # since when
    changed = models.DateTimeField(_("changed"))
    changed_by = models.CharField(_("changed by"), max_length=200)

    class Meta:
        verbose_name = _("function")
        verbose_name_plural = _("functions")
        default_permissions = ("view", "change")
        constraints = [
            models.CheckConstraint(
                condition=Q(priority=None) | Q(priority__range=(-600, 600)),
                name="durable_function_priority_range",
            )
        ]

    def __str__(self) -> str:
        return self.function

    @property
    def delays(self) -> tuple[float, ...] | None:
        """The seconds before each retry, if they are overridden."""
        value: Any = None if self.backoff is None else codec.decode(self.backoff)
        return None if value is None else tuple(value)
