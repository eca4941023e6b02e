"""What django-q2 runs as yardsticks."""

from __future__ import annotations

import os
import time

from django.db import connection

COUNTER = "bench_counter"


def mark(path: str) -> None:
    """Add to a file when this ran: the cheapest thing by which a task can be seen to have ended."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, b"%d\n" % time.monotonic_ns())
    os.close(file)


def count_down(path: str, group: int) -> None:
    """Count a group of tasks down, and mark its end: the cheapest way in which tasks can join."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {COUNTER} SET remaining = remaining - 1 WHERE id = %s", [group])
        cursor.execute(f"SELECT remaining FROM {COUNTER} WHERE id = %s", [group])
        (remaining,) = cursor.fetchone()
    if not remaining:
        mark(path)


def begin_group(group: int, count: int) -> None:
    """Make the row that so many tasks count down."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {COUNTER} (id integer PRIMARY KEY, remaining integer)"
        )
        cursor.execute(f"INSERT INTO {COUNTER} VALUES (%s, %s)", [group, count])
