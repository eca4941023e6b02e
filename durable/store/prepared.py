"""Statements that Postgres parses and plans once in each session, instead of each time they are said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import NotSupportedError, ProgrammingError
from django.db.backends.utils import CursorWrapper

from durable.store.sql import Sql

_THRESHOLD = 2  # sayings after which psycopg prepares a statement
_STALE = ("26000", "42P05", "0A000")  # it is unknown, known already, or its table has changed


class Prepared(Sql):
    """A table whose statements are bound by the server, through Django's own wrapper.

    A site that sets OPTIONS["prepare_threshold"] decides itself: None, for a pooler between
    transactions, turns this off.
    """

    @contextmanager
    def said(self, text: str, values: Sequence[Any]) -> Iterator[CursorWrapper]:
        """Execute a statement and lend the cursor."""
        if not self._may_prepare():
            with super().said(text, values) as cursor:
                yield cursor
            return
        with self._cursor() as cursor:
            try:
                cursor.execute(text, values)
            except (ProgrammingError, NotSupportedError) as error:
                if not self._is_stale(error):
                    raise
                cursor.execute(text, values)
            yield cursor

    def _may_prepare(self) -> bool:
        connection = self.connection
        if "prepare_threshold" in connection.settings_dict["OPTIONS"]:
            return connection.settings_dict["OPTIONS"]["prepare_threshold"] is not None
        from django.db.backends.postgresql.psycopg_any import is_psycopg3

        return bool(is_psycopg3)

    def _cursor(self) -> CursorWrapper:
        import psycopg

        connection = self.connection
        connection.ensure_connection()
        session: Any = connection.connection
        if session.prepare_threshold is None and not getattr(session, "durable_unprepared", False):
            session.prepare_threshold = _THRESHOLD
        wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
        plain: Any = psycopg.Cursor(session)
        return wrap(plain)

    def _is_stale(self, error: Exception) -> bool:
        """Whether saying it again unprepared will help; from then on nothing is prepared here."""
        code = getattr(error.__cause__, "sqlstate", None)
        if code not in _STALE:
            return False
        session: Any = self.connection.connection
        session.prepare_threshold = None
        session.durable_unprepared = True
        return not self.connection.in_atomic_block
