"""What a program shows to be let in."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from durable.models.exact import ExactCharField


class Key(models.Model):
    """Known by its prefix. Of its secret only a digest is kept, and nothing of one that signs."""

    id = models.BigAutoField(primary_key=True)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)  # empty: it signs
    name = models.CharField(_("name"), max_length=100)
    tenant = ExactCharField(_("tenant"), max_length=128, blank=True, default="")
    operations = models.TextField(_("operations"), default="events.send")  # patterns, one a line
    events = models.TextField(_("events"), default="*")  # names or their beginnings, one a line
    rate = models.PositiveIntegerField(_("requests a minute"), null=True, blank=True)
    created = models.DateTimeField(_("created"), editable=False)
    expires = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked = models.DateTimeField(_("revoked"), null=True, editable=False)
    used = models.DateTimeField(_("last used"), null=True, editable=False)  # to a minute
    full_at = models.DateTimeField(null=True, editable=False)  # when its rate is all its own again
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, editable=False, related_name="successors"
    )

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")

    def __str__(self) -> str:
        return f"{self.prefix} {self.name}"

    @property
    def is_signing(self) -> bool:
        """Whether requests are signed with it, instead of showing its secret."""
        return not self.digest

    @property
    def actor(self) -> str:
        """Who it is in the audit log."""
        return f"key {self.prefix}"

    def may(self, operation: str) -> bool:
        """Say whether its scopes allow an operation."""
        return covers(self.operations, operation)

    def may_send(self, name: str) -> bool:
        """Say whether its scopes allow to send events of this name."""
        return covers(self.events, name)


def covers(patterns: str, name: str) -> bool:
    """Say whether one of the patterns, one a line, is the name, or with a * at its end begins it."""
    lines = (line.strip() for line in patterns.splitlines())
    return any(_matches(line, name) for line in lines if line)


def _matches(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
