"""Statements that Postgres parses and plans once in each session, instead of each time they are said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import NotSupportedError, ProgrammingError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from durable.store.sql import Sql

_THRESHOLD = 2  # sayings after which psycopg prepares a statement
_STALE = ("26000", "42P05", "0A000")  # it is unknown, known already, or its table has changed


class Prepared(Sql):
    """A table whose statements are bound by the server, through Django's own wrapper.

    A site that sets OPTIONS["prepare_threshold"] decides itself: None, for a pooler between
    transactions, turns this off.
    """

    def adapt(self, values: Sequence[Any]) -> Sequence[Any]:
        """Return the values as they are: the driver knows UUIDs and times."""
        return values

    @contextmanager
    def said(self, text: str, values: Sequence[Any]) -> Iterator[CursorWrapper]:
        """Execute a statement and lend the cursor, the only one of its session."""
        connection = self.connection
        connection.ensure_connection()
        cursor = _cursor_of(connection)
        if cursor is None:
            with super().said(text, values) as cursor:
                yield cursor
            return
        try:
            cursor.execute(text, values)
        except (ProgrammingError, NotSupportedError) as error:
            if not self._is_stale(error):
                raise
            cursor.execute(text, values)
        yield cursor

    def _is_stale(self, error: Exception) -> bool:
        """Whether saying it again unprepared will help; from then on nothing is prepared here."""
        code = getattr(error.__cause__, "sqlstate", None)
        if code not in _STALE:
            return False
        session: Any = self.connection.connection
        session.prepare_threshold = None
        return not self.connection.in_atomic_block


def _cursor_of(connection: BaseDatabaseWrapper) -> CursorWrapper | None:
    """Return a cursor that binds at the server; None if the site decides how statements are said."""
    session: Any = connection.connection
    holder: Any = connection  # not the session: what names itself is not let go of at once
    bare = getattr(holder, "durable_cursor", None)
    if bare is None or bare.connection is not session:
        if not _may_prepare(connection):
            return None
        bare = holder.durable_cursor = _bare_cursor(session)
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrap(bare)


def _may_prepare(connection: BaseDatabaseWrapper) -> bool:
    if "prepare_threshold" in connection.settings_dict["OPTIONS"]:
        return connection.settings_dict["OPTIONS"]["prepare_threshold"] is not None
    from django.db.backends.postgresql.psycopg_any import is_psycopg3

    return bool(is_psycopg3)


def _bare_cursor(session: Any) -> Any:
    import psycopg

    if session.prepare_threshold is None:
        session.prepare_threshold = _THRESHOLD
    return psycopg.Cursor(session)
