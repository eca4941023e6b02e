"""A large output, kept out of the rows that lists and replays read."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable.models.run import Run


class Blob(models.Model):
    """`key` is the step's key, or empty for the run's own output."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        Run, models.CASCADE, related_name="blobs", db_index=False, verbose_name=_("run")
    )
    key = models.CharField(max_length=40, blank=True, editable=False)
    body = models.TextField(_("value"))

    class Meta:
        verbose_name = _("large value")
        verbose_name_plural = _("large values")
        constraints = [models.UniqueConstraint(fields=["run", "key"], name="durable_blob_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.key}"
