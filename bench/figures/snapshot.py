"""A snapshot that somebody keeps open, as a forgotten report does: dead rows stay, and claims meet them.

`DURABLE_SNAPSHOT` says for how many minutes: two if it is not set, ten in the nightly size.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, connections

from bench import runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.operations.health import Limits, look
from durable.store import get_store

_EACH = 500  # runs of one round
_RECOVERED = 0.9  # of the pace before


def measure(stage: Stage) -> Iterator[Row]:
    """Drain rounds of runs before it is open, while it is, and after."""
    if connection.vendor == "sqlite":
        return  # its readers keep nothing from being overwritten but the file of its journal
    stage.cluster.wait_until_ready()
    minutes = float(os.environ.get("DURABLE_SNAPSHOT", "2"))
    seconds = 6.0 if stage.is_quick else minutes * 60
    _pace(10 if not stage.is_quick else 1)
    before = _pace(40 if not stage.is_quick else 2)
    watch = Watch(Limits(transaction=2.0) if stage.is_quick else Limits())
    with _snapshot():
        during = _pace(seconds, watch)
    begun = time.monotonic()
    paces: list[float] = []
    while not paces or (paces[-1] < _RECOVERED * before and time.monotonic() - begun < 180):
        paces.append(_pace(1))
    recovered = time.monotonic() - begun
    yield Row(what="runs of 5 steps a second before", spread=Spread.of([before]))
    name = f"pace at the end of {seconds:g} s with a snapshot open / before"
    yield Row(what=name, spread=Spread.of([during / before]), least=0.5)
    assert watch.warned is not None, "the health was not concerned"
    warned = Spread.of([watch.warned])
    yield Row(what="the health warns of it after", spread=warned, unit="s", most=60.0)
    name = f"at {_RECOVERED:.0%} of the pace again after its end"
    yield Row(what=name, spread=Spread.of([recovered]), unit="s", most=120.0)


@dataclass(slots=True)
class Watch:
    """Looks at the health until it warns of the transaction; `warned` is after how many seconds."""

    limits: Limits
    warned: float | None = None

    def __call__(self, seconds: float) -> None:
        """Look, so many seconds after the transaction began."""
        if self.warned is None:
            concerns = look(get_store(), self.limits).concerns
            is_named = any(concern.code == "old-transaction" for concern in concerns)
            self.warned = seconds if is_named else None


def _pace(seconds: float, on_round: Callable[[float], None] = lambda seconds: None) -> float:
    """Drain rounds for so long; return the runs a second of the last third."""
    begun = time.monotonic()
    paces: list[float] = []
    while time.monotonic() - begun < seconds or not paces:
        at = time.monotonic()
        runs.await_ends(runs.send("sequence", _EACH, steps=5))
        paces.append(_EACH / (time.monotonic() - at))
        on_round(time.monotonic() - begun)
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
