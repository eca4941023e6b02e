"""The database is in trouble for a while: runs are late, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection

import durable
from durable import clock as clocks
from durable import wake
from durable.authoring.registry import Registry
from durable.models import Run
from durable.store import get_store
from durable.wake.inprocess import Counter
from durable.worker.drain import Worker

pytestmark = pytest.mark.django_db(transaction=True)

MINUTES = 10


@pytest.fixture(autouse=True)
def stage(fresh_registry: Registry, clock: ModuleType) -> Iterator[None]:
    with wake.use(Counter()):
        yield


@pytest.fixture
def trouble() -> Iterator[Callable[[type[Exception], str], ExitStack]]:
    """Have every reading fail of a table, until the stack is closed."""
    with ExitStack() as stack:

        def begin(error: type[Exception], word: str) -> ExitStack:
            def fail(say: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
                if word in sql and sql.startswith("SELECT"):
                    raise error("in trouble")
                return say(sql, params, many, context)

            stack.enter_context(connection.execute_wrapper(fail))
            return stack

        yield begin


def two(ctx: durable.ContextSync) -> tuple[str, str]:
    def body() -> str:
        return "done"

    return ctx.group.parallel((lambda: ctx.step.run("a", body), lambda: ctx.step.run("b", body)))


def started(**options: Any) -> Run:
    durable.create_function(fn_id="two", trigger=durable.TriggerEvent(event="go"), **options)(two)
    return Run.objects.get(event_id=durable.send(durable.Event(name="go"))[0])


def work_for_minutes() -> None:
    worker = Worker(store=get_store(), owner="worker:1:1", workers=1)
    for _ in range(MINUTES * 6):
        while worker.take_one():
            pass
        clocks.travel(timedelta(seconds=10))


@pytest.mark.parametrize("error", [OperationalError, ProgrammingError])
@pytest.mark.parametrize("strict", [False, True])
def test_a_run_survives_minutes_in_which_its_event_cannot_be_read(
    trouble: Callable[[type[Exception], str], ExitStack], error: type[Exception], strict: bool
) -> None:
    run = started(strict=strict)
    column = '"durable_event"."custom_id"'
    with trouble(error, column if connection.vendor != "mysql" else column.replace('"', "`")):
        work_for_minutes()
    work_for_minutes()
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", ["done", "done"])
