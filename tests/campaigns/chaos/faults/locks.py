"""C5: somebody else holds what durable needs."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection, transaction

from durable.models import Run, Step
from tests.campaigns.chaos.scene import ImpossibleError, Scene

ROWS, TABLE = 5.0, 3.0  # seconds for which they are held
_MEETING = 0.3  # seconds in which somebody comes to wait for the row that is held


def lock(scene: Scene) -> None:
    """Hold rows or a whole table, or make a circle of who waits for whom."""
    if connection.vendor == "sqlite":
        raise ImpossibleError
    plays: dict[str, Callable[[], None]] = {
        "run rows held by a session": _hold_rows,
        "table locked by a session": _hold_table,
        "deadlock with a session": _cross,
    }
    name = scene.draw.choice(list(plays))
    scene.aside(plays[name])
    scene.note(name)


def _hold_rows() -> None:
    with transaction.atomic():
        list(Run.objects.filter(ended=None).select_for_update(skip_locked=True)[:50])
        time.sleep(ROWS)


def _hold_table() -> None:
    table = connection.ops.quote_name(Run._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute(f"LOCK TABLES {table} WRITE")
            time.sleep(TABLE)
            cursor.execute("UNLOCK TABLES")
            return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        time.sleep(TABLE)


def _cross() -> None:
    """Take rows in the order that is not the engine's: it locks steps before their run.

    On Postgres this session never looks for deadlocks itself, so the engine is the victim.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '8s'")
        runs = Run.objects.filter(ended=None, pending__gt=0).select_for_update(skip_locked=True)
        held = [run.pk for run in runs[:20]]
        time.sleep(_MEETING)
        steps = Step.objects.filter(run__in=held, ended=None).order_by("pk")
        list(steps.select_for_update())
