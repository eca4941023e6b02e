"""Somebody who looks on: a connection of its own that no fault strikes, with one prepared question.

A trial asks it several times, and a server that plans twenty statements for each answer is what a trial
would spend most of its time on.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import DEFAULT_DB_ALIAS, connection, connections

from durable import clock
from durable.operations.verify import INVARIANTS
from tests.invariants.actors import PATIENCE

_LATER = timedelta(hours=1)
_LOOK = 0.0005  # seconds
_IS_LOCKED = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pid = %d AND NOT granted)"
_LIVES = {
    "postgresql": "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = %d)",
    "mysql": "SELECT EXISTS (SELECT 1 FROM information_schema.processlist WHERE id = %d)",
}


class Observer:
    """Looks at all rows from outside, as they were committed."""

    def __init__(self) -> None:
        self._connection: Any = None
        self._rest: list[Any] = []
        self._suspect = self._filled = ""

    def is_suspect(self) -> bool:
        """Return whether any sentence of `verify` may be broken."""
        self._open()
        broken, *has_rows = self._ask(self._suspect)
        asked = [one for one, has in zip(self._rest, has_rows, strict=True) if has]
        return bool(broken) or any(_broken(one).exists() for one in asked)

    def filled(self) -> set[str]:
        """Return the tables that have rows."""
        self._open()
        return {table for table, has in zip(_tables(), self._ask(self._filled), strict=True) if has}

    def outlive(self, session: int | None) -> None:
        """Wait until the server has noticed that a session is gone, and let go of what it held."""
        if session is None:
            return
        self._open()
        give_up = time.monotonic() + PATIENCE
        while self._ask(_LIVES[self._connection.vendor] % session)[0]:
            if time.monotonic() > give_up:
                raise AssertionError(f"the server keeps session {session}")
            time.sleep(_LOOK)

    def waits(self, session: int | None) -> bool:
        """Return whether a session waits for a lock."""
        if session is None:
            return False
        self._open()
        if self._connection.vendor == "postgresql":
            return bool(self._ask(_IS_LOCKED % session)[0])
        status = str(self._ask("SHOW ENGINE INNODB STATUS")[2])
        mine = (one for one in status.split("---TRANSACTION") if f"thread id {session}," in one)
        return any("LOCK WAIT" in one for one in mine)

    def close(self) -> None:
        """Let go of the database: before it is removed, and before this process forks."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> None:
        if self._connection is not None:
            return
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)
        said = {one: _statement(one) for one in INVARIANTS}
        self._rest = [one for one, statement in said.items() if statement is None]
        statements = [statement for statement in said.values() if statement]
        values = [value for _, values in statements for value in values]
        broken = " OR ".join(f"EXISTS ({text})" for text, _ in statements)
        rest = [_exists(one.model._meta.db_table) for one in self._rest]
        self._suspect = self._prepare("suspect", [broken, *rest], values)
        self._filled = self._prepare("filled", [_exists(table) for table in _tables()], [])

    def _prepare(self, name: str, columns: list[str], values: list[Any]) -> str:
        """Have a question prepared; return what asks it. SQLite's driver prepares by itself."""
        text = f"SELECT {', '.join(columns)}"
        with self._connection.cursor() as cursor:
            if self._connection.vendor == "sqlite":
                return str(text % tuple(map(_literal, values)))
            whole = cursor.cursor.mogrify(text, values)
            if self._connection.vendor == "postgresql":
                cursor.execute(f"PREPARE {name} AS {whole}")
            else:
                cursor.execute(f"PREPARE {name} FROM %s", [whole])
        return f"EXECUTE {name}"

    def _ask(self, question: str) -> tuple[Any, ...]:
        with self._connection.cursor() as cursor:
            cursor.execute(question)
            row: tuple[Any, ...] = cursor.fetchone()
            return row


observer = Observer()


def _exists(table: str) -> str:
    return f"EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"


def _literal(value: Any) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _tables() -> list[str]:
    models: list[Any] = [*apps.get_app_config("durable").get_models(), Group]
    return [model._meta.db_table for model in models]


def session() -> int | None:
    """Return the number by which the server knows this thread's connection; None if there is no server."""
    raw: Any = connection.connection
    if raw is None or connection.vendor == "sqlite":
        return None
    return int(raw.info.backend_pid if connection.vendor == "postgresql" else raw.thread_id())


class _AskedError(Exception):
    """A sentence is more than one statement."""


def _broken(invariant: Any) -> Any:
    return invariant.broken(invariant.model._base_manager.order_by())


def _statement(invariant: Any) -> tuple[str, Any] | None:
    """Return the statement that finds a breach; None for one that is not the same at all times."""
    now = _compiled(invariant)
    clock.travel(_LATER)
    try:
        return now if _compiled(invariant) == now else None
    finally:
        clock.travel(-_LATER)


def _compiled(invariant: Any) -> tuple[str, Any] | None:
    def refuse(*statement: Any) -> None:
        raise _AskedError

    with connection.execute_wrapper(refuse):
        try:
            rows = _broken(invariant).values_list("pk")[:1]
            text, values = rows.query.sql_with_params()
        except _AskedError:
            return None
    return text, values
