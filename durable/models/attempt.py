"""One failed try of a step, or of the code between two steps. History only."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable import codec
from durable.models.run import Run


class Attempt(models.Model):
    """`key` is the step's key, or empty for the function's own code."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, models.CASCADE, related_name="attempts", verbose_name=_("run"))
    key = models.CharField(max_length=40, blank=True, editable=False)
    name = models.CharField(_("step"), max_length=255, blank=True)
    number = models.SmallIntegerField(_("attempt"))  # from 0
    # Tries that were allowed after the first, for who asks "of how many"; NULL if nobody asked how many.
    retries = models.SmallIntegerField(_("retries allowed"), null=True)
    error = models.TextField(_("error"))
    started = models.DateTimeField(_("started"))
    ended = models.DateTimeField(_("ended"))

    class Meta:
        verbose_name = _("failed attempt")
        verbose_name_plural = _("failed attempts")

    def __str__(self) -> str:
        return f"{self.name or 'function'} #{self.number}"

    @property
    def failure(self) -> dict[str, str]:
        """The decoded error: code, name, message, stack."""
        error: dict[str, str] = codec.decode(self.error)
        return error
