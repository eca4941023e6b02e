"""What people and programs did to runs, functions and keys: who, when, and what it changed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable import codec


class Operation(models.Model):
    """Written in the transaction that makes the change, never changed, and kept when its object goes.

    It is removed when `DURABLE["AUDIT_RETENTION"]` has passed.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("time"))
    who = models.CharField(_("who"), max_length=200)  # a user's name, or "key <prefix>"
    via = models.CharField(_("through"), max_length=20)  # "admin", "api", "command"
    action = models.CharField(_("action"), max_length=40)  # "cancel", "replay"
    kind = models.CharField(
        max_length=40
    )  # of the object: "run", "function", "event", "key", "audit"
    target = models.CharField(_("object"), max_length=200)  # its id
    before = models.TextField(_("before"), default="{}")
    after = models.TextField(_("after"), default="{}")

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        indexes = [
            models.Index(fields=["kind", "target", "id"], name="durable_operation_object_idx")
        ]

    def __str__(self) -> str:
        return f"{self.who} {self.action} {self.kind} {self.target}"

    @property
    def change(self) -> tuple[object, object]:
        """What it was, and what it became."""
        return codec.decode(self.before), codec.decode(self.after)
