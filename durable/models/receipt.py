"""A request that is to count once."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Receipt(models.Model):
    """Known by the digest of its signature, or of its Idempotency-Key and who sent it.

    `holder` works on it while `status` is NULL; the answer is written in the transaction of the work.
    """

    id = models.BigAutoField(primary_key=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)  # of the request
    holder = models.CharField(max_length=32, blank=True, editable=False)
    status = models.SmallIntegerField(_("status"), null=True)
    body = models.TextField(_("answer"), blank=True)
    at = models.DateTimeField(_("time"))

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        default_permissions = ()
        indexes = [
            # What is old is forgotten.
            models.Index(fields=["at"], name="durable_receipt_at_idx")
        ]

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.status}"
