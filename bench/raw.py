"""The yardstick: one INSERT and its commit by the database's driver, with nothing in between."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

from durable.models import Step

_NOW = {
    "postgresql": "STATEMENT_TIMESTAMP()",
    "sqlite": "STRFTIME('%Y-%m-%d %H:%M:%f', 'now')",
    "mysql": "UTC_TIMESTAMP(6)",
}
_BARE = "bench_bare"


class Driver:
    """A session of the driver's own, in autocommit.

    Args:
        session: a DB-API connection.
        vendor: Django's name of the family of databases.
    """

    def __init__(self, session: Any, vendor: str) -> None:
        self._cursor = session.cursor()
        self._has_uuid = vendor == "postgresql"
        self._mark = "?" if vendor == "sqlite" else "%s"
        self._step = self._insert(Step._meta.db_table, _columns(_NOW[vendor]))
        self._bare = self._insert(_BARE, {"run": "?", "key": "?", "name": "?", "output": "?"})
        self._cursor.execute(f"DROP TABLE IF EXISTS {_BARE}")
        kind = "uuid" if self._has_uuid else "char(32)"
        self._cursor.execute(
            f"CREATE TABLE {_BARE} (run {kind}, {_quote('key')} char(40) PRIMARY KEY,"
            " name varchar(255), output text)"
        )

    def insert_step(self, run: UUID, key: str) -> None:
        """Insert the row that a checkpoint inserts."""
        self._execute(self._step, run, key)

    def insert_bare(self, run: UUID, key: str) -> None:
        """Insert a row of four columns, with no other index than the primary key's."""
        self._execute(self._bare, run, key)

    def _execute(self, text: str, run: UUID, key: str) -> None:
        self._cursor.execute(text, (run if self._has_uuid else run.hex, key, "step", "null"))

    def _insert(self, table: str, columns: dict[str, str]) -> str:
        names = ", ".join(_quote(name) for name in columns)
        values = ", ".join(self._mark if value == "?" else value for value in columns.values())
        if self._mark == "%s":
            values = values.replace("%Y", "%%Y")
        return f"INSERT INTO {_quote(table)} ({names}) VALUES ({values})"


@contextmanager
def driver() -> Iterator[Driver]:
    """Open a session on the database of the stage, by its driver's defaults."""
    given = connection.settings_dict
    with closing(_session(connection.vendor, given)) as session:
        yield Driver(session, connection.vendor)


def _session(vendor: str, given: dict[str, Any]) -> Any:
    if vendor == "sqlite":
        session = sqlite3.connect(given["NAME"], isolation_level=None, timeout=20)
        session.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL")
        return session
    host, user, password = given["HOST"], given["USER"], given["PASSWORD"]
    if vendor == "postgresql":
        import psycopg

        return psycopg.connect(
            dbname=given["NAME"],
            host=host,
            port=given["PORT"] or None,
            user=user,
            password=password,
            autocommit=True,
        )
    import pymysql

    port = int(given["PORT"] or 3306)
    return pymysql.connect(
        database=given["NAME"], host=host, port=port, user=user, password=password, autocommit=True
    )


def _columns(now: str) -> dict[str, str]:
    """Return the columns of a step that ran in place; "?" stands for a parameter."""
    told = {"run_id": "?", "key": "?", "name": "?", "output": "?"}
    texts = {"branch": "''", "op": "'run'", "mode": "''", "status": "'done'"}
    times = {"started": now, "ended": now}
    empty = dict.fromkeys(("due_at", "owner", "error", "group", "given", "planned"), "NULL")
    columns = {**told, **texts, **times, **empty, "large": "FALSE", "by": "1"}
    names = [str(field.column) for field in Step._meta.concrete_fields]
    return {name: columns.get(name, "0") for name in names if name != "id"}


def _quote(name: str) -> str:
    return connection.ops.quote_name(name)
