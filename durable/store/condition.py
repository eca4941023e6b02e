"""What the database says of itself: how safe its commits are, how full and how busy it is."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

_OFF = ("off", "OFF", "0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One database. None where it does not say, or has no such thing.

    Times are seconds, sizes bytes, and rows are what the database reckons, not counts.
    """

    server: str
    is_replica: bool = False
    commits: str = ""  # the setting that decides whether confirmed commits outlast a crash
    has_safe_commits: bool | None = None
    is_lazy: bool = False  # a power cut may take the last commits; the end of a process takes none
    sessions: int | None = None
    most_sessions: int | None = None
    oldest_transaction: float | None = None
    ahead: float | None = None  # of this process's clock
    packet: int | None = None  # the longest statement it takes
    collation: str | None = None
    is_case_sensitive: bool | None = None
    engines: tuple[str, ...] | None = None  # that keep the tables
    journal: str | None = None
    rows: dict[str, int] | None = None  # by table
    dead_rows: dict[str, int] | None = None  # not reclaimed yet


def condition_of(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> Condition:
    """Ask a database about itself, in a few quick queries that read no table of the site.

    Args:
        connection: to the database.
        tables: whose rows are of interest.
    """
    asks = {"postgresql": _postgres, "mysql": _mariadb, "sqlite": _sqlite}
    ask = asks.get(connection.vendor)
    server = f"{connection.display_name} {_version(connection)}".strip()
    return Condition(server=server, **(ask(connection, tables) if ask else {}))


def _version(connection: Any) -> str:
    """Say which one it is, from what the driver was told when it connected."""
    connection.ensure_connection()
    match connection.vendor:
        case "sqlite":
            return sqlite3.sqlite_version
        case "postgresql":
            return "{}.{}".format(*divmod(connection.pg_version, 10_000))
        case "mysql":
            return str(connection.mysql_server_info)
        case _:
            return ""


_POSTGRES = """
SELECT pg_is_in_recovery(),
       current_setting('synchronous_commit'),
       current_setting('fsync'),
       current_setting('max_connections')::int,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       (SELECT extract(epoch FROM max(clock_timestamp() - xact_start)) FROM pg_stat_activity
         WHERE datname = current_database() AND backend_type = 'client backend'
           AND pid <> pg_backend_pid()),
       extract(epoch FROM clock_timestamp()) - %s
"""
_POSTGRES_ROWS = """
SELECT c.relname, GREATEST(c.reltuples, s.n_live_tup, 0)::bigint, COALESCE(s.n_dead_tup, 0)
  FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
 WHERE c.oid IN ({tables})
"""


def _postgres(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> dict[str, Any]:
    replica, commits, fsync, most, sessions, oldest, ahead = _row(connection, _POSTGRES, _now())
    marks = ", ".join(["to_regclass(%s)"] * len(tables))
    names = [connection.ops.quote_name(table) for table in tables]
    known = _rows(connection, _POSTGRES_ROWS.format(tables=marks), *names)
    weak = f"fsync = {fsync}" if fsync in _OFF else f"synchronous_commit = {commits}"
    return {
        "is_replica": bool(replica),
        "commits": weak,
        "has_safe_commits": commits not in _OFF and fsync not in _OFF,
        "sessions": int(sessions),
        "most_sessions": int(most),
        "oldest_transaction": None if oldest is None else float(oldest),
        "ahead": float(ahead),
        "rows": {name: int(rows) for name, rows, _ in known},
        "dead_rows": {name: int(dead) for name, _, dead in known},
    }


_MARIADB = """
SELECT @@global.read_only, @@innodb_flush_log_at_trx_commit, @@global.max_connections,
       @@global.max_allowed_packet, @@collation_database, UNIX_TIMESTAMP(NOW(6)) - %s,
       (SELECT COUNT(*) FROM information_schema.processlist),
       table_name, table_rows, table_collation, engine
FROM (SELECT 1) one LEFT JOIN information_schema.tables
     ON table_schema = DATABASE() AND table_name IN ({tables})
"""
_SQLITE = "SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous"
_MARIADB_OLDEST = (
    "SELECT MAX(TIMESTAMPDIFF(MICROSECOND, trx_started, NOW(6))) / 1e6"
    " FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID()"
)


def _mariadb(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> dict[str, Any]:
    marks = ", ".join(["%s"] * len(tables))
    found = _rows(connection, _MARIADB.format(tables=marks), _now(), *tables)
    read_only, flush, most, packet, collation, ahead, sessions = found[0][:7]
    known = {str(row[7]): row[8:] for row in found if row[7] is not None}
    collations = sorted({str(row[1]) for row in known.values()} or {str(collation)})
    oldest = _allowed(connection, _MARIADB_OLDEST)
    return {
        "is_replica": str(read_only) not in _OFF,
        "commits": f"innodb_flush_log_at_trx_commit = {flush}",
        "has_safe_commits": int(flush) == 1,
        "sessions": int(sessions),
        "most_sessions": int(most),
        "oldest_transaction": None if oldest is None else float(oldest),
        "ahead": float(ahead),
        "packet": int(packet),
        "collation": ", ".join(collations),
        "is_case_sensitive": all(one.endswith(("_bin", "_cs")) for one in collations),
        "engines": tuple(sorted({str(row[2]) for row in known.values()})),
        "rows": {table: int(row[0] or 0) for table, row in known.items()},
    }


def _sqlite(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> dict[str, Any]:
    journal, synchronous = _row(connection, _SQLITE)
    return {
        "journal": journal,
        "commits": f"journal_mode = {journal}, synchronous = {synchronous}",
        "has_safe_commits": synchronous > 0 and journal != "off",
        "is_lazy": synchronous == 1 and journal == "wal",
    }


def _row(connection: BaseDatabaseWrapper, text: str, *values: str | float) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text, values or None)
        return cursor.fetchone()


def _rows(connection: BaseDatabaseWrapper, text: str, *values: str | float) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall())


def _allowed(connection: BaseDatabaseWrapper, text: str) -> Any:
    """Ask for one value that only some users of a database may see."""
    with suppress(DatabaseError), transaction.atomic(connection.alias):
        return _row(connection, text)[0]
    return None


def _now() -> float:
    return time.time()
