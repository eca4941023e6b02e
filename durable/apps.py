"""The Django app: finds functions, and has q2's workers start the threads they need."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from django.apps import AppConfig, apps
from django.conf import settings
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from durable import secret
from durable.conf import conf
from durable.errors import SettingInvalidError
from durable.expressions import language


class DurableConfig(AppConfig):
    """`durable` in INSTALLED_APPS."""

    name = "durable"
    label = "durable"
    verbose_name = _("Durable workflows")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import the `workflows` module of each installed app, and connect to q2's workers."""
        from durable.conf import DEFAULTS, complaints

        if apps.is_installed("django_q"):
            _prepare_workers()
        sound = not complaints(getattr(settings, "DURABLE", {}))
        autodiscover_modules(conf.MODULE if sound else DEFAULTS["MODULE"])
        import_module("durable.checks")
        import_module("durable.own.bulk")
        import_module("durable.own.roundtrip")


def _language() -> str:
    """Return what the site says; a check tells of a setting that cannot be read."""
    try:
        return str(conf.EXPRESSIONS)
    except SettingInvalidError:
        return "subset"


def _patterns() -> Iterable[str]:
    try:
        return tuple(conf.REDACT)
    except SettingInvalidError:
        return secret.REDACT


# Here and not in ready(): functions may be defined by any module Django imports while it starts.
language.follow(_language)
secret.follow(_patterns)


def _prepare_workers() -> None:
    from durable.q2.spawn import at_spawn
    from durable.worker import (
        counting,
        heartbeat,
        housekeeping,
        lifeline,
        process,
        reaper,
        sighting,
        ticker,
        timetable,
    )

    first = (process.prepare, lifeline.start, heartbeat.start, ticker.start, reaper.reap)
    for start in (*first, timetable.start, sighting.start, housekeeping.start, counting.start):
        at_spawn(start)
