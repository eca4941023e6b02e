"""Pages of the run browser over very many runs: how many queries, and how long the database takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Event, Run, Step

RUNS = 1_000_000
STEPS = 5  # of each
MOST_QUERIES, MOST_MS = 10, 50.0
_ROUNDS = 5
_AT_ONCE = 20_000


def measure(stage: Stage) -> Iterator[Row]:
    """Fill the tables by SQL, look at each page some times, and empty them."""
    count = stage.either(RUNS, RUNS // 50)
    _fill(count)
    user = User.objects.create_superuser("bench")
    browser = Client()
    browser.force_login(user)
    try:
        for name, path in _pages().items():
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
        "runs, page 100": f"{runs}?p=100",
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
        "functions": "/admin/durable/function/",
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
    """Write events, runs and steps in statements that make their rows themselves."""
    with connection.cursor() as cursor:
        for begin in range(0, count, _AT_ONCE):
            end = min(begin + _AT_ONCE, count)
            for statement in _statements(connection.vendor):
                cursor.execute(statement, {"begin": begin, "end": end})
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
        elif connection.vendor == "sqlite":
            cursor.execute("ANALYZE")
        else:
            for model in (Event, Run, Step):
                cursor.execute(f"ANALYZE TABLE {model._meta.db_table}")
                cursor.fetchall()


def _statements(vendor: str) -> Iterator[str]:
    numbers, uuid, moment = _dialect(vendor)
    status = "CASE WHEN n %% 50 = 0 THEN 'failed' ELSE 'completed' END"
    error = 'CASE WHEN n %% 50 = 0 THEN \'{"code":"unknown","name":"TimeoutError","message":"","stack":""}\' END'
    yield (
        "INSERT INTO durable_event (id, name, custom_id, data, tenant, subject, ts, received)"
        f" SELECT {uuid('0')}, 'bench/paid', '', '{{}}', '', '', {moment}, {moment} FROM {numbers}"
    )
    yield (
        "INSERT INTO durable_run (id, function, event_id, status, claim, wake, pending, wave, attempt,"
        " crashes, reason, error, output, large, created, started, ended, parent_key, replay,"
        " tenant, subject, parent_id)"
        f" SELECT {uuid('1')}, 'bench-' || (n %% 20), {uuid('0')}, {status}, 1, 0, 0, 0, 0, 0, '', {error},"
        f" '{{}}', {_false(vendor)}, {moment}, {moment}, {moment}, '', 0,"
        f" CASE WHEN n %% 100 = 0 THEN 'acme' ELSE '' END, '',"
        f" CASE WHEN n %% 40 = 7 THEN {uuid('1', 'n - 7')} END FROM {numbers}"
    ).replace("'bench-' || (n %% 20)", _glue(vendor))
    for step in range(STEPS):
        last = f"CASE WHEN n %% 50 = 0 AND {step} = {STEPS - 1} THEN 'failed' ELSE 'done' END"
        yield (
            "INSERT INTO durable_step (run_id, key, name, index, branch, op, wave, mode, status, claim,"
            " attempt, crashes, output, large, started, ended)"
            f" SELECT {uuid('1')}, 'key-{step}', 'step-{step}', 0, '', 'run', 0, '', {last}, 0, 0, 0,"
            f" '\"fine\"', {_false(vendor)}, {moment}, {moment} FROM {numbers}"
        ).replace(" key, name, index,", _reserved(vendor))


def _false(vendor: str) -> str:
    return "false" if vendor == "postgresql" else "0"


def _glue(vendor: str) -> str:
    return "CONCAT('bench-', n %% 20)" if vendor == "mysql" else "'bench-' || (n %% 20)"


def _reserved(vendor: str) -> str:
    quote = connection.ops.quote_name
    return f" {quote('key')}, name, {quote('index')},"


def _dialect(vendor: str) -> tuple[str, Any, str]:
    """Return numbers as rows, ids of a kind that sort by number, and a time of the past months."""
    if vendor == "postgresql":
        numbers = "generate_series(%(begin)s, %(end)s - 1) AS n"

        def uuid(kind: str, n: str = "n") -> str:
            return f"('0197{kind}000-0000-7000-8000-' || lpad(({n})::text, 12, '0'))::uuid"

        return numbers, uuid, "now() - (1000000 - n) * interval '1 second'"
    numbers = (
        "(WITH RECURSIVE c(n) AS (SELECT %(begin)s UNION ALL SELECT n + 1 FROM c WHERE n < %(end)s - 1)"
        " SELECT n FROM c) AS numbers"
    )
    if vendor == "sqlite":

        def uuid(kind: str, n: str = "n") -> str:
            return f"('0197{kind}000000070008000' || printf('%%012d', {n}))"

        return numbers, uuid, "datetime('now', '-' || (1000000 - n) || ' seconds')"

    def uuid(kind: str, n: str = "n") -> str:
        return f"CONCAT('0197{kind}000-0000-7000-8000-', LPAD({n}, 12, '0'))"

    return numbers, uuid, "UTC_TIMESTAMP(6) - INTERVAL (1000000 - n) SECOND"


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
