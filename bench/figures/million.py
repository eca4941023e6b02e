"""A database with a million ended runs: what a claim, a look at the health, and removal cost there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from io import StringIO

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings

from bench import crowd, raw, runs
from bench.rounds import Spread
from bench.rows import Row
from bench.stage import Stage
from durable.models import Run
from durable.models.status import FINAL_RUN
from durable.operations.health import look
from durable.operations.prune import prune
from durable.operations.retention import Retention
from durable.store import get_store
from durable.worker.identity import owner

_CLAIMS = 300
_LOOKS = 20
_REMOVED = 100_000  # runs


def measure(stage: Stage) -> Iterator[Row]:
    """Fill the database, then do what workers, people and monitors do."""
    count = stage.either(1_000_000, 20_000)
    begun = time.perf_counter()
    crowd.fill(count)
    said = f"of {count:,} runs and {count * crowd.STEPS:,} steps"
    filled = Spread.of([time.perf_counter() - begun])
    yield Row(what=f"filling a database {said}", spread=filled, unit="s")
    yield from _claims()
    health = [_ms(lambda: look(get_store())) for _ in range(_LOOKS)]
    yield Row(what="a look at the health, p95", spread=Spread.percentile(health, 95), unit="ms")
    lists = [_ms(lambda: call_command("durable_list", stdout=StringIO())) for _ in range(_LOOKS)]
    yield Row(what="durable_list, p95", spread=Spread.percentile(lists, 95), unit="ms")
    yield from _pages()
    yield from _removal(min(_REMOVED, count))


def _claims() -> Iterator[Row]:
    """Claim one after the other, in turn with a commit of one row by the driver alone."""
    with transaction.atomic():
        sent = runs.send("sequence", _CLAIMS, steps=0)
    store, me = get_store(), owner()
    taken: list[float] = []
    commits: list[float] = []
    with raw.driver() as driver:
        for run in sent:
            taken.append(_ms(lambda: store.runs.claim(me, 1)))
            commits.append(_ms(partial(driver.insert_bare, run, run.hex)))
    Run.objects.filter(ended=None).delete()
    spread = Spread.percentile(taken, 95)
    yield Row(what="a claim of one run, p95", spread=spread, unit="ms", most=5.0)
    yield Row(what="a raw commit, p95", spread=Spread.percentile(commits, 95), unit="ms")
    yield Row(what="a claim of one run", spread=Spread.of(taken), unit="ms")
    ratios = [claim / commit for claim, commit in zip(taken, commits, strict=True)]
    yield Row(what="a claim of one run / raw commit", spread=Spread.of(ratios))


def _pages() -> Iterator[Row]:
    """Look at the pages of the admin that are looked at most, from the request to the last byte."""
    browser = Client()
    browser.force_login(User.objects.create_superuser("bench"))
    run = Run.objects.latest("pk")
    paths = {"list": "/admin/durable/run/", "run": f"/admin/durable/run/{run.pk}/change/"}
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        for name, path in paths.items():
            browser.get(path)  # templates are compiled
            pages = [_ms(partial(browser.get, path)) for _ in range(_LOOKS)]
            spread = Spread.percentile(pages, 95)
            yield Row(what=f"admin, {name}, whole page, p95", spread=spread, unit="ms", most=500.0)


def _removal(wanted: int) -> Iterator[Row]:
    kept = Retention(dict.fromkeys(FINAL_RUN, timedelta(days=30)))
    statements: list[float] = []
    removed = 0
    begun = time.perf_counter()
    with connection.execute_wrapper(_timing(statements)):
        for batch in prune(get_store(), kept):
            removed += batch.removed.runs
            if removed >= wanted:
                break
    pace = Spread.of([removed / (time.perf_counter() - begun)])
    yield Row(what=f"removing {removed:,} runs of 3 steps, runs a second", spread=pace)
    longest = Spread.of([max(statements)])
    yield Row(what="its longest statement", spread=longest, unit="ms", most=1000.0)


def _timing(taken: list[float]) -> Callable[..., object]:
    def wrapper(execute: Callable[..., object], *args: object) -> object:
        begun = time.perf_counter()
        try:
            return execute(*args)
        finally:
            taken.append((time.perf_counter() - begun) * 1000)

    return wrapper


def _ms(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return (time.perf_counter() - begun) * 1000
