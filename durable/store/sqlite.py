"""SQLite: one writer at a time, so that nothing needs to be locked or skipped."""

from __future__ import annotations

from durable.store.sql import Dialect
from durable.store.sqlleases import SqlLeases
from durable.store.sqlruns import SqlRuns
from durable.store.sqlsteps import SqlSteps
from durable.store.sqlwaits import SqlWaits

SQLITE = Dialect(
    now="(STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now') || '000')",
    # The zeros make the text compare with the microseconds the ORM writes.
    at="(STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '{} seconds') || '000')",
    moment="'{}'",
    ago="(STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', {now}, '-' || %s || ' seconds') || '000')",
    later="(STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', {now}, '+' || %s || ' seconds') || '000')",
    until="((JULIANDAY({column}) - JULIANDAY({now})) * 86400.0)",
    skip_existing="ON CONFLICT DO NOTHING",
)


class Runs(SqlRuns):
    """The rows of Run on SQLite."""

    dialect = SQLITE


class Steps(SqlSteps):
    """The rows of Step on SQLite."""

    dialect = SQLITE
    true, false = "1", "0"


class Waits(SqlWaits):
    """The rows of Wait on SQLite."""

    dialect = SQLITE


class Leases(SqlLeases):
    """The due rows on SQLite."""

    dialect = SQLITE
