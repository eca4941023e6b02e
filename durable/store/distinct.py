"""The values that a column has, by the index that begins with it."""

from __future__ import annotations

from django.db import connections
from django.db.models import Model

# One look at the index for each value, however many rows have it.
_EACH = """
WITH RECURSIVE known (name) AS (
 SELECT MIN({column}) FROM {rows}
 UNION ALL
 SELECT (SELECT MIN({column}) FROM {rows} WHERE {column} > known.name)
 FROM known WHERE known.name IS NOT NULL
)
SELECT name FROM known WHERE name IS NOT NULL LIMIT {most}
"""


def distinct(alias: str, model: type[Model], column: str, most: int) -> list[str]:
    """Return the texts that a column has, in their order, so many at most."""
    connection = connections[alias]
    if connection.vendor == "mysql":  # which goes from one to the next in the index by itself
        rows = model._default_manager.using(alias).order_by().values_list(column, flat=True)
        return sorted(rows.distinct()[:most])
    quote = connection.ops.quote_name
    text = _EACH.format(column=quote(column), rows=quote(model._meta.db_table), most=most)
    with connection.cursor() as cursor:
        cursor.execute(text)
        return [str(name) for (name,) in cursor.fetchall()]
