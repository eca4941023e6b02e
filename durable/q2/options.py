"""What the site's `Q_CLUSTER` says, as far as durable needs to know."""

from __future__ import annotations

from functools import cache

from django.utils.module_loading import import_string
from django_q.brokers import get_broker
from django_q.conf import Conf


def workers() -> int:
    """Return how many worker processes one cluster has."""
    return int(Conf.WORKERS)


def cluster_name() -> str:
    """Return the name of the cluster this process belongs to, or would."""
    return str(Conf.CLUSTER_NAME)


def is_sync() -> bool:
    """Whether q2 runs tasks in the caller, so that no cluster is to be woken."""
    return bool(Conf.SYNC)


@cache
def has_own_broker() -> bool:
    """Whether the configured broker is durable's own or a subclass of it."""
    configured = import_string(Conf.BROKER_CLASS) if Conf.BROKER_CLASS else None
    return getattr(configured, "makes_hints", False) is True


def describe_broker() -> str:
    """Return what the site's broker says of itself, for people."""
    try:
        said = str(get_broker().info())
    except Exception as error:  # noqa: BLE001 - a broker that is down is one that gives no name
        said = f"broker not reached yet: {error}"
    return said if has_own_broker() else f"q2's broker {said}"
