"""The Django app: finds functions, and has q2's workers start the threads they need."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class DurableConfig(AppConfig):
    """`durable` in INSTALLED_APPS."""

    name = "durable"
    label = "durable"
    verbose_name = _("Durable workflows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `workflows` module of each installed app, and connect to q2's workers."""
        from durable.conf import DEFAULTS, complaints, conf

        if apps.is_installed("django_q"):
            _prepare_workers()
        sound = not complaints(getattr(settings, "DURABLE", {}))
        autodiscover_modules(conf.MODULE if sound else DEFAULTS["MODULE"])
        import_module("durable.checks")


def _prepare_workers() -> None:
    from durable.q2.spawn import at_spawn
    from durable.worker import heartbeat, process, reaper, ticker

    for start in (process.prepare, heartbeat.start, ticker.start, reaper.reap):
        at_spawn(start)
