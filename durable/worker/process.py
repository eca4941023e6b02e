"""What makes a worker process fast, done once when it is born."""

from __future__ import annotations

import gc

from durable.store import get_store

SESSION_SECONDS = 60
CONNECT_SECONDS = 10  # psycopg's own default is 130


def prepare() -> None:
    """Keep the session between pieces of work, and what was imported out of the garbage collector.

    Django's default closes the session after each task, which costs more than most steps. One that
    died meanwhile is noticed and replaced by whoever says a statement.
    """
    settings = get_store().connection.settings_dict
    if settings["CONN_MAX_AGE"] == 0:
        settings["CONN_MAX_AGE"] = SESSION_SECONDS
    hurry()
    gc.collect()
    gc.freeze()


def hurry() -> None:
    """Do not wait long for a server that does not even greet, unless the site says for how long."""
    connection = get_store().connection
    if connection.vendor in ("postgresql", "mysql"):
        connection.settings_dict["OPTIONS"].setdefault("connect_timeout", CONNECT_SECONDS)
