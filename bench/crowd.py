"""A database full of runs that have ended, written by the database itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.apps import apps
from django.db import connection

STEPS = 3  # of each old run
_PART = 100_000  # runs of one statement
_AGE = 40  # days since old ones ended
_DAY_MS = 86_400_000
_ERROR = '{"code":"unknown","name":"TimeoutError","message":"","stack":""}'
_TABLES = ("durable_step", "durable_run", "durable_event")


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How one database makes numbers, ids that sort by time as real ones do, and times."""

    numbers: str
    id: str  # of {ms} since 1970, with {kind} and {n} to tell it from others
    ago: str  # the time so many {seconds} ago
    glued: str = "'{text}' || ({value})"


_DIALECTS = {
    "postgresql": _Dialect(
        "SELECT g::bigint AS n FROM generate_series(%s, %s) AS g",
        "(lpad(to_hex({ms}), 12, '0') || '7' || lpad(to_hex(({n}) %% 4096), 3, '0') || '8{kind}'"
        " || lpad(to_hex({n}), 14, '0'))::uuid",
        "now() - ({seconds}) * interval '1 second'",
    ),
    "sqlite": _Dialect(
        "WITH RECURSIVE g(n) AS (SELECT %s UNION ALL SELECT n + 1 FROM g WHERE n < %s)"
        " SELECT n FROM g",
        "printf('%%012x', {ms}) || '7' || printf('%%03x', ({n}) %% 4096) || '8{kind}'"
        " || printf('%%014x', {n})",
        "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-' || ({seconds}) || ' seconds')",
    ),
    "mysql": _Dialect(
        "SELECT seq AS n FROM seq_0_to_100000000 WHERE seq BETWEEN %s AND %s",
        "LOWER(INSERT(INSERT(INSERT(INSERT(CONCAT(LPAD(HEX({ms}), 12, '0'), '7',"
        " LPAD(HEX(({n}) %% 4096), 3, '0'), '8{kind}', LPAD(HEX({n}), 14, '0')),"
        " 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-'))",
        "UTC_TIMESTAMP(6) - INTERVAL ({seconds}) SECOND",
        "CONCAT('{text}', {value})",
    ),
}


def fill(runs: int) -> None:
    """Write so many completed runs of the function `old`, with three steps each, of a day long ago."""
    first = int(time.time() * 1000) - _AGE * _DAY_MS
    ms = f"({first} + n * {_DAY_MS} / {runs})"
    ms = ms.replace(" / ", " DIV ") if connection.vendor == "mysql" else ms
    identity, moment = _id("1", ms), _ago(str(_AGE * 86_400))
    times = dict.fromkeys(("created", "started", "ended"), moment)
    run = {"id": identity, "function": "'old'", "output": "'42'", **times}
    del times["created"]
    steps = [
        {"key": f"'k{number}'", "name": f"'step-{number}'", "output": "'null'", **times}
        for number in range(STEPS)
    ]
    _write(runs, [("Run", run), *(("Step", {"run_id": identity, **step}) for step in steps)])


def mingle(runs: int, steps: int) -> None:
    """Write so many runs of twenty functions, one a second until now, each with an event of its own.

    One in fifty has failed in its last step; some have a tenant, and some were invoked by another.
    """
    begun = int(time.time() * 1000)
    seconds = f"{runs} - n"
    ms = f"({begun} - ({runs} - n) * 1000)"
    identity, event, moment = _id("1", ms), _id("0", ms), _ago(seconds)
    is_failed = "n %% 50 = 0"
    times = dict.fromkeys(("created", "started", "ended"), moment)
    parent = _id("1", f"({begun} - ({runs} - n + 7) * 1000)", "n - 7")
    rows = [
        (
            "Event",
            {
                "id": event,
                "name": "'bench/paid'",
                "data": "'{}'",
                **dict.fromkeys(("ts", "received"), moment),
            },
        ),
        (
            "Run",
            {
                "id": identity,
                "event_id": event,
                "function": _glued("bench-", "n %% 20"),
                "status": f"CASE WHEN {is_failed} THEN 'failed' ELSE 'completed' END",
                "error": f"CASE WHEN {is_failed} THEN '{_ERROR}' END",
                "output": "'{}'",
                "tenant": "CASE WHEN n %% 100 = 0 THEN 'acme' ELSE '' END",
                "parent_id": f"CASE WHEN n %% 40 = 7 THEN {parent} END",
                **times,
            },
        ),
    ]
    del times["created"]
    for number in range(steps):
        is_last = f"{is_failed} AND {number} = {steps - 1}"
        step = {
            "run_id": identity,
            "key": f"'key-{number}'",
            "name": f"'step-{number}'",
            "status": f"CASE WHEN {is_last} THEN 'failed' ELSE 'done' END",
            "error": f"CASE WHEN {is_last} THEN '{_ERROR}' END",
            "output": "'\"fine\"'",
            **times,
        }
        rows.append(("Step", step))
    _write(runs, rows)


def clear() -> None:
    """Remove them all."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
            return
        off, on = (
            ("SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1")
            if connection.vendor == "mysql"
            else ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON")
        )
        for text in (off, *(f"DELETE FROM {table}" for table in _TABLES), on):
            cursor.execute(text)


def _dialect() -> _Dialect:
    return _DIALECTS[connection.vendor]


def _id(kind: str, ms: str, n: str = "n") -> str:
    return _dialect().id.format(kind=kind, ms=ms, n=n)


def _ago(seconds: str) -> str:
    return _dialect().ago.format(seconds=seconds)


def _glued(text: str, value: str) -> str:
    return _dialect().glued.format(text=text, value=value)


def _write(runs: int, rows: list[tuple[str, dict[str, str]]]) -> None:
    for begin in range(0, runs, _PART):
        bounds = [begin, min(begin + _PART, runs) - 1]
        for name, columns in rows:
            _say(_insert(name, columns), bounds)
    tables = ", ".join(_TABLES)
    _say("ANALYZE" if connection.vendor != "mysql" else f"ANALYZE TABLE {tables}")


def _insert(name: str, columns: Mapping[str, str]) -> str:
    usual = {"status": "'completed'" if name == "Run" else "'done'"} if name != "Event" else {}
    values = {**_defaults(name), **usual, **columns}
    quote = connection.ops.quote_name
    names = ", ".join(map(quote, values))
    return (
        f"INSERT INTO {apps.get_model('durable', name)._meta.db_table} ({names})"
        f" SELECT {', '.join(values.values())} FROM ({_dialect().numbers}) AS g"
    )


def _defaults(name: str) -> dict[str, str]:
    """Return what each column has that may not be NULL and is not said."""
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


def _say(text: str, values: list[int] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
