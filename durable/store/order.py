"""What a new run has of its function: its version, and its place among the others.

The place is its time, moved by the priority of its function.

The priority is read by the very statement that inserts the run: nothing is cached, nothing asked besides.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Func, IntegerField, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler

from durable import clock
from durable.authoring.registry import registry
from durable.models import FunctionConfig
from durable.store.clock import database_now


class _Earlier(Func):
    """A time, so many seconds earlier."""

    arity = 2
    output_field = DateTimeField()
    arg_joiner = " - "
    template = "(%(expressions)s * INTERVAL '1 second')"

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        """Move the text that a time is. It stays as long as it was: texts are compared.

        That of `database_now` has no zeros behind its milliseconds, and is to be no later than now; one
        that Django writes has them.
        """
        form = "'%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f'"
        zeros = " || '000'" if self.extra.get("is_given") else ""
        moved = f"(STRFTIME({form}, %(expressions)s) || ' seconds'){zeros})"
        return self.as_sql(compiler, connection, template=moved, arg_joiner=", (0 - ", **extra)

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, Any]:
        """Spell the interval as MariaDB does."""
        moved = "(%(expressions)s SECOND)"
        return self.as_sql(compiler, connection, template=moved, arg_joiner=" - INTERVAL ", **extra)


def version(function: str) -> str:
    """Return the version of a function as this process knows it, which who starts the run corrects."""
    known = registry.functions.get(function)
    return "" if known is None else known.version


def place(function: str, due_at: datetime | None = None) -> Any:
    """Return when a new run of a function is due, as an expression for its row.

    Args:
        function: its id.
        due_at: now, if not given. A time to come is left alone: nothing starts before it.
    """
    if due_at is not None and due_at > clock.now():
        return due_at
    said = FunctionConfig.objects.filter(pk=function).values("priority")
    seconds = Coalesce(Subquery(said), 0, output_field=IntegerField())
    if due_at is None:
        return _Earlier(database_now(), seconds)
    return _Earlier(Value(due_at), seconds, is_given=True)
