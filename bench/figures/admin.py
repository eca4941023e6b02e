"""Pages of the run browser over very many runs: how many queries, and how long the database takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, override_settings

from bench import crowd
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Run, Step
from durable.operations.rollup import advance
from durable.store import get_store

RUNS = 1_000_000
STEPS = 5  # of each
MOST_QUERIES, MOST_MS = 10, 50.0
_ROUNDS = 5


def measure(stage: Stage) -> Iterator[Row]:
    """Fill the tables by SQL, look at each page some times, and empty them."""
    count = stage.either(RUNS, RUNS // 50)
    crowd.mingle(count, STEPS)
    advance(get_store())
    user = User.objects.create_user("bench", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="durable"))
    browser = Client()
    browser.force_login(user)
    try:
        for name, look in _looks(browser).items():
            with override_settings(ALLOWED_HOSTS=["testserver"]):
                look()  # caches of Django's own
                queries, times = _measure(name, look)
            where = f"admin, {count:,} runs: {name}"
            yield Row(what=f"{where}, queries", spread=Spread.of([queries]), most=MOST_QUERIES)
            yield Row(what=f"{where}, SQL", spread=Spread.of(times), unit="ms", most=MOST_MS)
    finally:
        user.delete()
        crowd.clear()


def _looks(browser: Client) -> Mapping[str, Callable[[], Any]]:
    """Return what asks for each page: the one that asks whether is the answer to a form."""
    looks = {name: partial(browser.get, path) for name, path in _pages().items()}
    ticked = {"_selected_action": str(Run.objects.order_by("-pk")[0].pk), "select_across": "1"}
    for name, query in {"all runs": "", "runs of a tenant": "?tenant=acme"}.items():
        form = {"action": "cancel_runs", **ticked}
        looks[f"cancel {name}?"] = partial(browser.post, f"/admin/durable/run/{query}", form)
    return looks


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
        "failed runs by failed step": f"{runs}?failed_step=step-4&status__exact=failed",
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
        "function": f"/admin/durable/functionconfig/{run.function}/change/",
        "health": "/admin/durable/worker/",
        "charts": "/admin/durable/runtally/",
        "keys": "/admin/durable/key/",
        "schedules": "/admin/durable/schedule/",
    }


def _measure(name: str, look: Callable[[], Any]) -> tuple[int, list[float]]:
    counts, times = [], []
    for _ in range(_ROUNDS):
        seen: list[float] = []
        with connection.execute_wrapper(_Clock(seen)):
            response = look()
        assert response.status_code == 200, (name, response.status_code)
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
