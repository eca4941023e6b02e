"""A database full of runs that have ended, written by the database itself."""

from __future__ import annotations

import time

from django.db import connection

STEPS = 3  # of each run
_PART = 100_000  # runs of one statement
_AGE = 40  # days since they ended
_SPAN_MS = 86_400_000  # a day, in which they were started

# Ids sort by time, as real ones do.
_POSTGRES_ID = (
    "(lpad(to_hex({first} + n * {span} / {total}), 12, '0') || '7'"
    " || lpad(to_hex(n %% 4096), 3, '0') || '8' || lpad(to_hex(n), 15, '0'))::uuid"
)
_SQLITE_ID = (
    "printf('%%012x', {first} + n * {span} / {total}) || '7' || printf('%%03x', n %% 4096)"
    " || '8' || printf('%%015x', n)"
)
_MARIADB_ID = (
    "LOWER(CONCAT(LPAD(HEX({first} + n * {span} DIV {total}), 12, '0'), '7',"
    " LPAD(HEX(n %% 4096), 3, '0'), '8', LPAD(HEX(n), 15, '0')))"
)
_DIALECTS = {
    "postgresql": (
        "SELECT g::bigint AS n FROM generate_series(%s, %s) AS g",
        _POSTGRES_ID,
        "now() - interval '{days} days'",
    ),
    "sqlite": (
        "WITH RECURSIVE g(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM g WHERE n < %s)"
        " SELECT n FROM g",
        _SQLITE_ID,
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-{days} days')",
    ),
    "mysql": (
        "SELECT seq AS n FROM seq_0_to_100000000 WHERE seq BETWEEN %s AND %s",
        _MARIADB_ID,
        "UTC_TIMESTAMP(6) - INTERVAL {days} DAY",
    ),
}


def fill(runs: int) -> None:
    """Write so many completed runs of the function `old`, with three steps each."""
    source, identity, moment = _DIALECTS[connection.vendor]
    first = int(time.time() * 1000) - _AGE * _SPAN_MS
    parts = {"first": first, "span": _SPAN_MS, "total": runs, "days": _AGE}
    identity, moment = identity.format(**parts), moment.format(**parts)
    for begin in range(0, runs, _PART):
        bounds = [begin, min(begin + _PART, runs) - 1]
        _say(_insert_runs(source, identity, moment), bounds)
        for number in range(STEPS):
            _say(_insert_steps(source, identity, moment, number), bounds)
    _say("ANALYZE" if connection.vendor != "mysql" else "ANALYZE TABLE durable_run, durable_step")


def _insert_runs(source: str, identity: str, moment: str) -> str:
    columns = {
        **_defaults("Run"),
        "id": identity,
        "function": "'old'",
        "status": "'completed'",
        "claim": "1",
        "output": "'42'",
        **dict.fromkeys(("created", "started", "ended"), moment),
    }
    return _insert("durable_run", columns, source)


def _insert_steps(source: str, identity: str, moment: str, number: int) -> str:
    columns = {
        **_defaults("Step"),
        "run_id": identity,
        "key": f"'k{number}'",
        "name": f"'step-{number}'",
        "op": "'run'",
        "status": "'done'",
        "output": "'null'",
        "by": "1",
        **dict.fromkeys(("started", "ended"), moment),
    }
    return _insert("durable_step", columns, source)


def _defaults(name: str) -> dict[str, str]:
    """Return what each column has that may not be NULL and is not said."""
    from django.apps import apps

    found: dict[str, str] = {}
    for field in apps.get_model("durable", name)._meta.concrete_fields:
        if field.null or field.primary_key:
            continue
        value = field.get_default()
        is_flag = isinstance(value, bool)
        found[str(field.column)] = (
            str(value).upper() if is_flag else str(value) if isinstance(value, int) else "''"
        )
    return found


def _insert(table: str, columns: dict[str, str], source: str) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, columns))
    return (
        f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} FROM ({source}) AS g"
    )


def _say(text: str, values: list[int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
