"""Pages of the run browser over very many runs: how many queries, and how long the database takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import AutoField, Model
from django.test import Client, override_settings

from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable import clock
from durable.models import Event, Run, Step

RUNS = 1_000_000
STEPS = 5  # of each
MOST_QUERIES, MOST_MS = 10, 50.0
_ROUNDS = 5
_AT_ONCE = 20_000
_ERROR = '{"code":"unknown","name":"TimeoutError","message":"","stack":""}'


def measure(stage: Stage) -> Iterator[Row]:
    """Fill the tables by SQL, look at each page some times, and empty them."""
    count = stage.either(RUNS, RUNS // 50)
    _fill(count)
    user = User.objects.create_superuser("bench")
    browser = Client()
    browser.force_login(user)
    try:
        for name, path in _pages().items():
            with override_settings(ALLOWED_HOSTS=["testserver"]):
                browser.get(path)  # caches of Django's own
                queries, times = _look(browser, path)
            where = f"admin, {count:,} runs: {name}"
            yield Row(what=f"{where}, queries", spread=Spread.of([queries]), most=MOST_QUERIES)
            yield Row(what=f"{where}, SQL", spread=Spread.of(times), unit="ms", most=MOST_MS)
    finally:
        user.delete()
        _empty()


def _pages() -> Mapping[str, str]:
    run = Run.objects.filter(status="failed").order_by("-pk")[0]
    middle = Run.objects.order_by("pk")[len("middle")]
    step = Step.objects.filter(run=run).order_by("pk")[0]
    runs = "/admin/durable/run/"
    return {
        "runs": runs,
        "runs, page 39": f"{runs}?p=39",
        "runs, failed": f"{runs}?status__exact=failed",
        "runs, completed": f"{runs}?status__exact=completed",
        "runs of a function": f"{runs}?function=bench-3",
        "failed runs of a function": f"{runs}?function=bench-3&status__exact=failed",
        "runs of the last hour": f"{runs}?period=hour",
        "runs by failed step": f"{runs}?failed_step=step-4",
        "runs by failed step, none": f"{runs}?failed_step=no-such-step",
        "runs that a run invoked": f"{runs}?kin=child",
        "runs of a tenant": f"{runs}?tenant=acme",
        "search by id": f"{runs}?q={middle.pk}",
        "search by key": f"{runs}?q=invoice-7",
        "run": f"{runs}{run.pk}/change/",
        "run, fragment": f"{runs}{run.pk}/live/",
        "steps": "/admin/durable/step/",
        "step": f"/admin/durable/step/{step.pk}/change/",
        "tries": "/admin/durable/attempt/",
        "events": "/admin/durable/event/",
        "event": f"/admin/durable/event/{run.event_id}/change/",
        "functions": "/admin/durable/functionconfig/",
        "health": "/admin/durable/worker/",
        "charts": "/admin/durable/runtally/",
    }


def _look(browser: Client, path: str) -> tuple[int, list[float]]:
    counts, times = [], []
    for _ in range(_ROUNDS):
        seen: list[float] = []
        with connection.execute_wrapper(_Clock(seen)):
            response = browser.get(path)
        assert response.status_code == 200, (path, response.status_code)
        counts.append(len(seen))
        times.append(sum(seen) * 1e3)
    return max(counts), times


class _Clock:
    """Adds up what the database takes."""

    def __init__(self, seen: list[float]) -> None:
        self._seen = seen

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self._seen.append(time.perf_counter() - begun)


def _fill(count: int) -> None:
    """Make one of each kind, and have the database copy it very often."""
    now = clock.now()
    event = Event.objects.create(name="bench/paid", data="{}", ts=now, received=now)
    times = {"created": now, "started": now, "ended": now}
    run = Run.objects.create(event=event, function="x", status="completed", output="{}", **times)
    step = Step.objects.create(
        run=run, key="x", name="x", status="done", output='"fine"', started=now, ended=now
    )
    with connection.cursor() as cursor:
        for begin in range(0, count, _AT_ONCE):
            given = {"begin": begin, "end": min(begin + _AT_ONCE, count)}
            for statement in _statements(event, run, step):
                cursor.execute(statement, given)
        if connection.vendor == "mysql":
            cursor.execute("ANALYZE TABLE durable_event, durable_run, durable_step")
            cursor.fetchall()
        else:
            cursor.execute("ANALYZE")
    for one in (step, run, event):
        one.delete()


def _statements(event: Event, run: Run, step: Step) -> Iterator[str]:
    uuid, moment = _dialect()[1:]
    is_failed = "n %% 50 = 0"
    times = dict.fromkeys(("created", "started", "ended"), moment)
    yield _copies(event, {"id": uuid("0"), "ts": moment, "received": moment})
    yield _copies(
        run,
        {
            "id": uuid("1"),
            "event_id": uuid("0"),
            "function": _glue("bench-", "n %% 20"),
            "status": f"CASE WHEN {is_failed} THEN 'failed' ELSE 'completed' END",
            "error": f"CASE WHEN {is_failed} THEN '{_ERROR}' END",
            "tenant": "CASE WHEN n %% 100 = 0 THEN 'acme' ELSE '' END",
            "parent_id": f"CASE WHEN n %% 40 = 7 THEN {uuid('1', 'n - 7')} END",
            **times,
        },
    )
    del times["created"]
    for number in range(STEPS):
        is_last = f"{is_failed} AND {number} = {STEPS - 1}"
        status = f"CASE WHEN {is_last} THEN 'failed' ELSE 'done' END"
        own = {"key": f"'key-{number}'", "name": f"'step-{number}'", "status": status}
        yield _copies(step, {"run_id": uuid("1"), **own, **times})


def _copies(row: Model, changed: Mapping[str, str]) -> str:
    """Return the statement that copies a row for each number, but for some of its columns."""
    quote, meta = connection.ops.quote_name, row._meta
    fields = [field for field in meta.concrete_fields if not isinstance(field, AutoField)]
    columns = [str(field.column) for field in fields]
    values = [changed.get(column, f"t.{quote(column)}") for column in columns]
    pk = str(row.pk)
    if isinstance(row.pk, UUID):
        has_uuids = connection.features.has_native_uuid_field
        pk = f"'{row.pk if has_uuids else row.pk.hex}'"
    names = ", ".join(map(quote, columns))
    return (
        f"INSERT INTO {meta.db_table} ({names}) SELECT {', '.join(values)}"
        f" FROM {_dialect()[0]}, {meta.db_table} t WHERE t.id = {pk}"
    )


def _glue(text: str, expression: str) -> str:
    if connection.vendor == "mysql":
        return f"CONCAT('{text}', {expression})"
    return f"'{text}' || ({expression})"


def _dialect() -> tuple[str, Callable[..., str], str]:
    """Return numbers as rows, ids of a kind that sort by number, and a time of the past weeks."""
    counted = (
        "(WITH RECURSIVE c(n) AS (SELECT %(begin)s UNION ALL SELECT n + 1 FROM c"
        " WHERE n < %(end)s - 1) SELECT n FROM c) AS numbers"
    )
    match connection.vendor:
        case "postgresql":
            numbers = "generate_series(%(begin)s, %(end)s - 1) AS n"
            return numbers, _postgres_id, "now() - (1000000 - n) * interval '1 second'"
        case "sqlite":
            return counted, _sqlite_id, "datetime('now', '-' || (1000000 - n) || ' seconds')"
        case _:
            return counted, _mariadb_id, "UTC_TIMESTAMP(6) - INTERVAL (1000000 - n) SECOND"


def _postgres_id(kind: str, n: str = "n") -> str:
    return f"('0197{kind}000-0000-7000-8000-' || lpad(({n})::text, 12, '0'))::uuid"


def _sqlite_id(kind: str, n: str = "n") -> str:
    return f"('0197{kind}000000070008000' || printf('%%012d', {n}))"


def _mariadb_id(kind: str, n: str = "n") -> str:
    return f"CONCAT('0197{kind}000-0000-7000-8000-', LPAD({n}, 12, '0'))"


def _empty() -> None:
    with connection.cursor() as cursor:
        tables = ("durable_step", "durable_run", "durable_event")
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            return
        if connection.vendor == "mysql":
            cursor.execute("SET FOREIGN_KEY_CHECKS = 0")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        if connection.vendor == "mysql":
            cursor.execute("SET FOREIGN_KEY_CHECKS = 1")
        else:
            cursor.execute("PRAGMA foreign_keys = ON")
