"""Bytes that a step leaves behind, its share of every index included."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import connection

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Step

STEPS = 1000  # of one run


def measure(stage: Stage) -> Iterator[Row]:
    """Let a file or table grow by many steps that return nothing."""
    count = stage.either(20, 2)
    in_place = _growth(lambda: runs.drive("sequence", count, steps=STEPS), count)
    yield Row(what="bytes of a no-op step", spread=in_place, unit="B", most=400)
    planned = _growth(lambda: runs.drive("fan", count, steps=STEPS), count)
    yield Row(what="bytes of a no-op step of a group", spread=planned, unit="B")


def _growth(fill: Callable[[], object], count: int) -> Spread:
    before = _size()
    fill()
    return Spread.of([(_size() - before) / (count * STEPS)])


def _size() -> int:
    """Return bytes in use: of the table with its indexes, of the whole file on SQLite."""
    table = Step._meta.db_table
    with connection.cursor() as cursor:
        match connection.vendor:
            case "postgresql":
                cursor.execute("SELECT pg_total_relation_size(%s)", [table])
            case "sqlite":
                cursor.execute(
                    "SELECT (page_count - freelist_count) * page_size"
                    " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
                )
            case _:
                cursor.execute(f"ANALYZE TABLE {table}")
                cursor.fetchall()
                cursor.execute(
                    "SELECT data_length + index_length FROM information_schema.tables"
                    " WHERE table_schema = DATABASE() AND table_name = %s",
                    [table],
                )
        return int(cursor.fetchone()[0])
