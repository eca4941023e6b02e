"""Several short looks in one question: each its own SELECT with its own limit, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet


def together(alias: str, looks: Sequence[QuerySet[Any, Any]]) -> list[tuple[Any, ...]]:
    """Return the rows of all of them, in one query.

    Django's own `union` takes no limits on SQLite, which a SELECT from a SELECT may have everywhere.

    Args:
        alias: of the database.
        looks: with `values`, the same number and kinds of columns in each.
    """
    connection = connections[alias]
    parts, values, converters = [], [], None
    for number, look in enumerate(looks):
        compiler = look.query.get_compiler(connection=connection)
        try:
            text, given = compiler.as_sql()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT * FROM ({text}) part_{number}")
        values += given
        converters = converters or (
            compiler,
            compiler.get_converters([one for one, *_ in compiler.select]),
        )
    if converters is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        rows = cursor.fetchall()
    compiler, found = converters
    return [tuple(row) for row in compiler.apply_converters(rows, found)]
