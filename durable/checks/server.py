"""What the database itself says that would hurt. Asked with `check --database`, and by the doctor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, transaction

from durable.checks.site import TAG, sound
from durable.conf import conf
from durable.models import Event, Run, Step
from durable.operations.health.crew import clusters, workers
from durable.store import Store, get_store
from durable.store.condition import Condition, condition_of

_HEADROOM = 2  # times the largest value: a statement holds more than that
_TABLES = tuple(model._meta.db_table for model in (Event, Run, Step))


def _asked(databases: Sequence[str] | None) -> Store | None:
    """Return the store, if its database may be asked."""
    if not sound():
        return None
    store = get_store()
    return store if store.alias in (databases or ()) else None


@register(TAG, Tags.database)
def check_server(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """The server keeps what it confirms, and takes what is written to it."""
    store = _asked(databases)
    if store is None:
        return []
    try:
        with transaction.atomic(store.alias):
            condition = condition_of(store.connection, _TABLES)
    except DatabaseError:
        return []  # whoever needs it will say that it is not there
    judges: tuple[Callable[[Condition], Iterator[CheckMessage]], ...] = (
        _writes,
        _commits,
        _packet,
        _collation,
        _engines,
    )
    return [message for judge in judges for message in judge(condition)]


def _writes(condition: Condition) -> Iterator[CheckMessage]:
    if condition.is_replica:
        text = f"{condition.server} takes no writes: it is a replica, or read-only."
        hint = "Workers need the primary: set DURABLE['DATABASE'], or the database router."
        yield Error(text, hint=hint, id="durable.E023")


def _commits(condition: Condition) -> Iterator[CheckMessage]:
    if condition.has_safe_commits is False:
        text = f"Commits that were confirmed may be lost in a crash: {condition.commits}."
        hint = (
            "Set it back (synchronous_commit = on, fsync = on; innodb_flush_log_at_trx_commit = 1), "
            "unless the newest events may be lost."
        )
        yield Warning(text, hint=hint, id="durable.W040")


def _packet(condition: Condition) -> Iterator[CheckMessage]:
    largest = max(conf.MAX_STEP_BYTES, conf.MAX_EVENT_BYTES)
    if condition.packet is not None and condition.packet < _HEADROOM * largest:
        text = (
            f"max_allowed_packet is {condition.packet:,} bytes, and one result or event may have "
            f"{largest:,}: the large ones are refused by the server, again and again."
        )
        hint = (
            f"Set max_allowed_packet to {_HEADROOM * largest:,} or more, or lower "
            "DURABLE['MAX_STEP_BYTES'] and ['MAX_EVENT_BYTES']."
        )
        yield Warning(text, hint=hint, id="durable.W041")


def _collation(condition: Condition) -> Iterator[CheckMessage]:
    if condition.collation is None:
        return
    if "utf8mb4" not in condition.collation and "uca1400" not in condition.collation:
        text = f"The tables' collation is {condition.collation}: not all of Unicode can be stored."
        hint = "ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4, and set OPTIONS['charset']."
        yield Error(text, hint=hint, id="durable.E024")
    elif not condition.is_case_sensitive:
        text = (
            f"The tables' collation is {condition.collation}, to which order/Paid and order/paid "
            "are one name: a wait for one of them may be given the other."
        )
        hint = (
            "Use a collation that ends with _bin or _cs, or names that differ by more than letter "
            "case and accents."
        )
        yield Warning(text, hint=hint, id="durable.W042")


def _engines(condition: Condition) -> Iterator[CheckMessage]:
    others = sorted(set(condition.engines or ()) - {"InnoDB"})
    if others:
        text = f"Tables are kept by {', '.join(others)}, which knows no transactions."
        hint = "ALTER TABLE … ENGINE=InnoDB, for each of durable's tables."
        yield Error(text, hint=hint, id="durable.E025")


@register(TAG, Tags.database)
def check_hosts(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """A file is not shared between machines, which cannot lock it for each other."""
    store = _asked(databases)
    if store is None or store.connection.vendor != "sqlite":
        return []
    try:
        with transaction.atomic(store.alias):
            hosts = sorted({one.host for one in clusters(workers(store.alias)) if one.alive})
    except DatabaseError:
        return []
    if len(hosts) < 2:
        return []
    text = f"Workers on {len(hosts)} machines use one SQLite file: {', '.join(hosts)}."
    hint = "Locks of files do not hold between machines. Move to PostgreSQL, or use one machine."
    return [Error(text, hint=hint, id="durable.E026")]
