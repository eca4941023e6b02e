"""What the site's settings say about durable itself."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from durable.conf import complaints, conf
from durable.engine.options import backoff
from durable.errors import SettingInvalidError
from durable.expressions import full
from durable.operations.retention import is_audit_short, retention

TAG = "durable"
NO_CLUSTER = "The setting Q_CLUSTER is missing, or is not a dict with entries."
CLUSTER_ADVICE = """\
Add to the settings:

    Q_CLUSTER = {
        "name": "durable",
        "broker_class": "durable.q2.broker.Broker",
        "orm": "default",
        "workers": 4,
        "timeout": 90,
        "retry": 120,
    }
"""


def sound() -> bool:
    """Whether the `DURABLE` setting can be read: where it cannot, one check says so."""
    return not _entries()


def _entries() -> list[str]:
    given = getattr(settings, "DURABLE", {})
    found = complaints(given)
    alias = None if found else given.get("DATABASE")
    if alias is not None and alias not in settings.DATABASES:
        known = ", ".join(map(repr, settings.DATABASES))
        found.append(f"DURABLE['DATABASE'] is {alias!r}, but DATABASES has only {known}.")
    return found


@register(TAG)
def check_entries(**kwargs: Any) -> list[CheckMessage]:
    """The `DURABLE` dict is right."""
    hint = "The defaults, one a line, are in durable/conf.py."
    return [Error(text, hint=hint, id="durable.E001") for text in _entries()]


@register(TAG)
def check_time_zones(**kwargs: Any) -> list[CheckMessage]:
    """Times are aware."""
    if settings.USE_TZ:
        return []
    text = "USE_TZ is False; durable needs times that name their zone."
    return [Error(text, hint="Set USE_TZ = True.", id="durable.E004")]


@register(TAG)
def check_queue(**kwargs: Any) -> list[CheckMessage]:
    """django-q2 is there and configured."""
    found: list[CheckMessage] = []
    if not apps.is_installed("django_q"):
        text = "django-q2 is not installed in this site: no worker can run."
        hint = 'Add "django_q" to INSTALLED_APPS, before "durable".'
        found.append(Error(text, hint=hint, id="durable.E005"))
    if not has_cluster():
        found.append(Error(NO_CLUSTER, hint=CLUSTER_ADVICE, id="durable.E005"))
    return found


def has_cluster() -> bool:
    """Whether `Q_CLUSTER` says anything."""
    given = getattr(settings, "Q_CLUSTER", None)
    return isinstance(given, dict) and bool(given)


@register(TAG)
def check_backoff(**kwargs: Any) -> list[CheckMessage]:
    """The backoff function that DURABLE names exists."""
    if not sound() or not isinstance(conf.BACKOFF, str):
        return []
    try:
        backoff()
    except SettingInvalidError as error:
        hint = "Name a function of a module: it is given the failed tries, and returns seconds."
        return [Error(str(error), hint=hint, id="durable.E006")]
    return []


@register(TAG)
def check_retention(**kwargs: Any) -> list[CheckMessage]:
    """How long runs and the audit log are kept can be read, and what was done to a run is known as long as it."""
    if not sound():
        return []
    try:
        if is_audit_short(retention()):
            return [_short_audit()]
    except SettingInvalidError as error:
        hint = 'For example {"*": {"completed": "30d", "failed": "90d"}, "nightly": "7d"}.'
        return [Error(str(error), hint=hint, id="durable.E020")]
    return []


def _short_audit() -> CheckMessage:
    text = (
        "DURABLE['AUDIT_RETENTION'] is shorter than runs are kept: their pages forget who did what "
        "to them."
    )
    return Warning(text, hint="Make it as long as RETENTION, or longer.", id="durable.W045")


@register(TAG)
def check_leases(**kwargs: Any) -> list[CheckMessage]:
    """Leases are renewed before they pass."""
    if not sound() or conf.HEARTBEAT < conf.LEASE:
        return []
    text = (
        f"DURABLE['HEARTBEAT'] is {conf.HEARTBEAT:g} s, and 'LEASE' {conf.LEASE:g} s: leases pass "
        "while their workers work, and what they do is done twice."
    )
    hint = "Make HEARTBEAT a third of LEASE."
    return [Error(text, hint=hint, id="durable.E021")]


@register(TAG, deploy=True)
def check_retention_is_set(**kwargs: Any) -> list[CheckMessage]:
    """Somebody has thought about how long runs are kept."""
    given = getattr(settings, "DURABLE", {})
    if not sound() or "RETENTION" in given:
        return []
    text = "DURABLE['RETENTION'] is not set: runs and events are kept for ever."
    hint = 'Set it, to "90d" for example; or to None, if that is what you want.'
    return [Warning(text, hint=hint, id="durable.W043")]


@register(TAG)
def check_expressions(**kwargs: Any) -> list[CheckMessage]:
    """The package for the whole of CEL is there, if the site wants it."""
    if not sound() or conf.EXPRESSIONS != "cel" or full.is_installed():
        return []
    hint = 'pip install "django-durable-workflows[cel]", or set it to "subset".'
    return [Error(full.MISSING_PACKAGE, hint=hint, id="durable.E012")]
