"""What `DATABASES` holds that would hurt workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from durable.checks.cluster import cluster
from durable.checks.site import TAG, sound
from durable.store import get_store

_SERVERS = ("postgresql", "mysql")
_READ_COMMITTED = 2  # of psycopg


def _queue_alias() -> str | None:
    """Return the database that q2's ORM broker, or ours, keeps tasks in."""
    alias = cluster().get("orm")
    return alias if isinstance(alias, str) and alias in connections.settings else None


def _used() -> Iterator[BaseDatabaseWrapper]:
    """Return the connections that workers use, ours first."""
    aliases = [get_store().alias] if sound() else []
    queue = _queue_alias()
    for alias in dict.fromkeys([*aliases, *([queue] if queue else [])]):
        yield connections[alias]


def _entry(connection: BaseDatabaseWrapper, *path: str) -> str:
    return f"DATABASES[{connection.alias!r}]" + "".join(f"[{name!r}]" for name in path)


@register(TAG)
def check_connection_age(**kwargs: Any) -> list[CheckMessage]:
    """Workers do not have to connect anew for each operation."""
    return [
        Warning(
            f"{_entry(connection, 'CONN_MAX_AGE')} is 0: a worker opens a new connection each time it "
            "is called, and for each operation on a queue there, which makes it several times slower.",
            hint="Set CONN_MAX_AGE to 60 or more, and CONN_HEALTH_CHECKS to True.",
            id="durable.W003",
        )
        for connection in _used()
        if connection.vendor in _SERVERS and connection.settings_dict.get("CONN_MAX_AGE") == 0
    ]


@register(TAG)
def check_pool(**kwargs: Any) -> list[CheckMessage]:
    """No pool of connections is shared by workers, which are forked."""
    return [
        Error(
            f"{_entry(connection, 'OPTIONS', 'pool')} is on: the pool would be shared by forked "
            "workers, which stop for good after a few tasks.",
            hint="Take it out of the settings that workers run with; set CONN_MAX_AGE instead.",
            id="durable.E008",
        )
        for connection in _used()
        if connection.vendor == "postgresql" and connection.settings_dict["OPTIONS"].get("pool")
    ]


@register(TAG)
def check_sqlite(**kwargs: Any) -> list[CheckMessage]:
    """Transactions on SQLite wait for each other instead of failing."""
    return [
        Warning(
            f"{_entry(connection, 'OPTIONS', 'transaction_mode')} is not 'IMMEDIATE': a "
            'transaction that reads before it writes may fail with "database is locked".',
            hint="Set OPTIONS = {'transaction_mode': 'IMMEDIATE', 'timeout': 20, 'init_command': "
            "'PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL'}.",
            id="durable.W004",
        )
        for connection in _used()
        if connection.vendor == "sqlite" and not _is_immediate(connection)
    ]


def _is_immediate(connection: BaseDatabaseWrapper) -> bool:
    mode = connection.settings_dict["OPTIONS"].get("transaction_mode")
    return isinstance(mode, str) and mode.upper() in ("IMMEDIATE", "EXCLUSIVE")


@register(TAG)
def check_isolation(**kwargs: Any) -> list[CheckMessage]:
    """Each statement sees what was committed before it, as it has to when steps are joined."""
    return [
        Error(
            f"{_entry(connection, 'OPTIONS', 'isolation_level')} is not READ COMMITTED: workers "
            "would not see what others have committed meanwhile.",
            hint="Take it out: Django asks for READ COMMITTED by itself.",
            id="durable.E022",
        )
        for connection in _used()
        if connection.vendor in _SERVERS and not _is_read_committed(connection)
    ]


def _is_read_committed(connection: BaseDatabaseWrapper) -> bool:
    options = connection.settings_dict["OPTIONS"]
    if connection.vendor == "mysql":  # where None leaves it to the server
        return str(options.get("isolation_level", "read committed")).lower() == "read committed"
    level = options.get("isolation_level")
    return level is None or int(level) == _READ_COMMITTED


@register(TAG)
def check_aliases(**kwargs: Any) -> list[CheckMessage]:
    """Runs and the queue are in one database."""
    queue = _queue_alias()
    mine = get_store().alias if sound() else queue
    if queue is None or queue == mine:
        return []
    text = (
        f"Q_CLUSTER['orm'] is {queue!r}, but durable's tables are on {mine!r}: workers need both."
    )
    hint = f"Set Q_CLUSTER['orm'] = {mine!r}, or DURABLE['DATABASE'] = {queue!r}."
    return [Warning(text, hint=hint, id="durable.W005")]
