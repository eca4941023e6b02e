"""A snapshot that somebody keeps open, as a forgotten report does: dead rows stay, and claims meet them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.operations.health import Limits, look
from durable.store import get_store

_EACH = 500  # runs of one round


def measure(stage: Stage) -> Iterator[Row]:
    """Drain rounds of runs before it is open, while it is, and after."""
    if connection.vendor == "sqlite":
        return  # its readers keep nothing from being overwritten but the file of its journal
    stage.cluster.wait_until_ready()
    seconds = stage.either(120, 6)
    _pace(seconds / 6)
    before = _pace(seconds / 3)
    with _snapshot():
        during = _pace(seconds)
        concerns = look(get_store(), Limits(transaction=seconds / 2)).concerns
    after = _pace(seconds / 3)
    codes = {concern.code for concern in concerns}
    assert "old-transaction" in codes, f"the health speaks of {codes or 'nothing'}"
    yield Row(what="runs of 5 steps a second before", spread=Spread.of([before]))
    name = f"pace at the end of {seconds} s with a snapshot open / before"
    yield Row(what=name, spread=Spread.of([during / before]), least=0.5)
    yield Row(what="pace after it / before", spread=Spread.of([after / before]))


def _pace(seconds: float) -> float:
    """Drain rounds for so long; return the runs a second of the last third."""
    begun = time.monotonic()
    paces: list[float] = []
    while time.monotonic() - begun < seconds or not paces:
        at = time.monotonic()
        runs.await_ends(runs.send("sequence", _EACH, steps=5))
        paces.append(_EACH / (time.monotonic() - at))
    last = paces[-max(len(paces) // 3, 1) :]
    return sum(last) / len(last)


@contextmanager
def _snapshot() -> Iterator[None]:
    """Keep a transaction open that sees the tables as they are now."""
    session = connections["default"].copy()
    try:
        session.set_autocommit(False)
        with session.cursor() as cursor:
            if session.vendor == "postgresql":
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            else:
                cursor.execute("ROLLBACK")
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            cursor.execute("SELECT COUNT(*) FROM durable_run")
            cursor.fetchall()
            yield
    finally:
        session.close()
