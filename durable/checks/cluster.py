"""What `Q_CLUSTER` asks of django-q2 that would hurt."""

from __future__ import annotations

from collections.abc import Mapping
from ctypes import c_float
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections
from django.utils.module_loading import import_string

from durable.checks.site import TAG

_RETRY, _GUARD_CYCLE = 60, 0.5  # django-q2's defaults
_BROKERS = ("broker_class", "orm", "redis", "django_redis", "sqs", "iron_mq", "mongo")
_OWN_BROKER = 'Use "broker_class": "durable.q2.broker.Broker", "orm": "default".'
_HERE = ("localhost", "127.0.0.1", "::1")
_GRACE = 3  # seconds that django-q2 adds to a timeout before it kills
_MOST_CYCLES = 1_000_000


def cluster() -> Mapping[str, Any]:
    """Return the setting; an empty one where another check says that it is missing."""
    given = getattr(settings, "Q_CLUSTER", None)
    return given if isinstance(given, Mapping) else {}


def _number(name: str, default: float | None = None) -> float | None:
    value = cluster().get(name, default)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@register(TAG)
def check_retry(**kwargs: Any) -> list[CheckMessage]:
    """A task is not given out again while it may still run."""
    timeout, retry = _number("timeout"), _number("retry", _RETRY)
    if timeout is None or retry is None or retry > timeout:
        return []
    text = f"Q_CLUSTER['retry'] is {retry:g} s, and 'timeout' {timeout:g} s: tasks that take long run twice."
    hint = (
        "Make retry larger than timeout. Workflows are not concerned, the site's other tasks are."
    )
    return [Warning(text, hint=hint, id="durable.W001")]


@register(TAG)
def check_guard_cycle(**kwargs: Any) -> list[CheckMessage]:
    """The guard's countdown comes to exactly zero: it kills a hung worker then or never."""
    timeout, cycle = _number("timeout"), _number("guard_cycle", _GUARD_CYCLE)
    if not timeout or timeout < 0 or not cycle or cycle < 0 or _hits_zero(timeout + _GRACE, cycle):
        return []
    text = (
        f"Q_CLUSTER['guard_cycle'] is {cycle:g} s, which does not divide {_GRACE} + timeout = "
        f"{timeout + _GRACE:g} s evenly: django-q2 would never kill a worker that hangs."
    )
    return [Warning(text, hint="Leave guard_cycle at 0.5, or set it to 1.", id="durable.W002")]


def _hits_zero(seconds: float, cycle: float) -> bool:
    left = c_float(seconds)  # as django-q2 keeps it
    for _ in range(_MOST_CYCLES):
        if left.value <= 0:
            break
        left.value -= cycle
    return left.value == 0


@register(TAG)
def check_timeout(**kwargs: Any) -> list[CheckMessage]:
    """The timeout is one that django-q2 can set an alarm for."""
    timeout = cluster().get("timeout")
    if timeout is None or _is_whole(timeout):
        return []
    text = (
        f"Q_CLUSTER['timeout'] is {timeout!r}, not whole seconds: each of the site's tasks fails."
    )
    return [Error(text, hint="Give whole seconds, 90 for example.", id="durable.E010")]


@register(TAG)
def check_workers(**kwargs: Any) -> list[CheckMessage]:
    """The number of workers is one."""
    workers = cluster().get("workers")
    if workers is None or _is_whole(workers):
        return []
    text = f"Q_CLUSTER['workers'] is {workers!r}, not a whole number: no cluster starts."
    return [Error(text, hint="Give a number, 4 for example.", id="durable.E016")]


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@register(TAG)
def check_sync(**kwargs: Any) -> list[CheckMessage]:
    """There are workers to be woken."""
    if not cluster().get("sync"):
        return []
    text = "Q_CLUSTER['sync'] is on: no worker is told of new runs, so none start by themselves."
    hint = "Take it out. Tests need it neither: `durable.tasks.drain()` does what is due."
    return [Warning(text, hint=hint, id="durable.W007")]


@register(TAG)
def check_broker(**kwargs: Any) -> list[CheckMessage]:
    """A broker is chosen, and not Redis by silence."""
    given = cluster()
    if not given or any(given.get(name) for name in _BROKERS):
        return []
    text = "Q_CLUSTER names no broker, so django-q2 looks for Redis on this machine."
    return [Error(text, hint=_OWN_BROKER, id="durable.E011")]


@register(TAG)
def check_broker_class(**kwargs: Any) -> list[CheckMessage]:
    """The broker's class can be had."""
    path = cluster().get("broker_class")
    if not path:
        return []
    try:
        import_string(path)
    except Exception as error:  # noqa: BLE001 - a module may raise anything
        text = f"Q_CLUSTER['broker_class'] is {path!r}, which cannot be imported: {error}"
        return [Error(text, hint=_OWN_BROKER, id="durable.E014")]
    return []


@register(TAG)
def check_broker_database(**kwargs: Any) -> list[CheckMessage]:
    """The queue is in a database that there is."""
    alias = cluster().get("orm")
    if not alias or alias in connections.settings:
        return []
    known = ", ".join(map(repr, connections.settings))
    text = f"Q_CLUSTER['orm'] is {alias!r}, but DATABASES has only {known}."
    return [Error(text, hint="Name the one that durable's tables are in.", id="durable.E015")]


@register(TAG, deploy=True)
def check_redis(**kwargs: Any) -> list[CheckMessage]:
    """A queue on another machine is not open to everybody."""
    given = cluster().get("redis")
    if not given or _is_private(given):
        return []
    text = "Q_CLUSTER['redis'] is on another machine and has no password: who reaches it and knows "
    text += "SECRET_KEY runs code in your workers, and who reaches it may delete all messages."
    hint = "Set a password, and TLS; or use durable's own broker, which needs the database only."
    return [Warning(text, hint=hint, id="durable.W044")]


def _is_private(given: Any) -> bool:
    if isinstance(given, str):
        url = urlsplit(given)
        return bool(url.password) or url.scheme == "unix" or url.hostname in (None, *_HERE)
    if not isinstance(given, Mapping):
        return True
    is_here = "unix_socket_path" in given or given.get("host", "localhost") in _HERE
    return is_here or bool(given.get("password"))
