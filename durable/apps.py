"""The Django app: finds functions, and has q2's workers start the threads they need."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class DurableConfig(AppConfig):
    """`durable` in INSTALLED_APPS."""

    name = "durable"
    label = "durable"
    verbose_name = _("Durable workflows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `workflows` module of each installed app."""
        from durable.conf import conf

        autodiscover_modules(conf.MODULE)
