"""A process that works, as it last told of itself."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Worker(models.Model):
    """For people who look at the site: nothing that has to be right asks for this row.

    One row for each life of a process, written when it is born and as its heart beats, and removed
    when it stops, or has been silent for a while.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    owner = models.CharField(_("owner"), max_length=120)  # its name on leases
    host = models.CharField(_("host"), max_length=80)
    pid = models.IntegerField(_("process"))
    parent = models.IntegerField(_("parent process"))  # the same for all workers of one cluster
    cluster = models.CharField(_("cluster"), max_length=100)  # its name, as Q_CLUSTER says
    is_supervised = models.BooleanField(_("supervised"), default=False)  # by durable_worker
    version = models.CharField(_("version"), max_length=40)  # of durable
    functions = models.TextField(default="{}", editable=False)  # JSON: each with its version
    started = models.DateTimeField(_("started"))
    seen = models.DateTimeField(_("seen"))
    hints = models.BigIntegerField(
        _("hints taken"), default=0
    )  # messages that said "there is work"
    claims = models.BigIntegerField(_("claims"), default=0)  # pieces of work taken
    rate = models.FloatField(_("claims per minute"), default=0.0)  # of the last minute

    class Meta:
        verbose_name = _("worker")
        verbose_name_plural = _("health")

    def __str__(self) -> str:
        return f"{self.cluster} {self.host} {self.pid}"
