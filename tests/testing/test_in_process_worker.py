"""A worker in threads of the test's process."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

import durable
from durable import clock
from durable.models import Run
from durable.testing import InProcessWorker, Kill
from durable.testing.kill import Point
from durable.worker.drain import Worker
from tests.acceptance.clusters import eventually
from tests.harness import asay, journal, say, stumble, sync_and_async
from tests.testing import functions
from tests.testing.functions import EVENT, GROUPS, define

STRICT = pytest.mark.parametrize("strict", [False, True])


@sync_and_async(functions.one, functions.one_async)
@STRICT
def test_a_function_is_run(workflow_worker: InProcessWorker, handler: Any, strict: bool) -> None:
    assert workflow_worker.run(define(handler, strict=strict)).result == "charged"


@pytest.mark.parametrize("name", GROUPS)
@STRICT
def test_a_group_is_run(workflow_worker: InProcessWorker, name: str, strict: bool) -> None:
    run = workflow_worker.run(define(GROUPS[name], strict=strict))
    assert run.result == ["label", "invoice", "mail"]
    assert sorted(journal) == ["invoice", "label", "mail"]


def test_what_the_test_sends_is_done(workflow_worker: InProcessWorker) -> None:
    define(functions.one)
    durable.send(durable.Event(name=EVENT))
    assert workflow_worker.wait(Run.objects.get()).result == "charged"


def test_a_closure_is_seen(workflow_worker: InProcessWorker) -> None:
    seen: list[int] = []

    def closing(ctx: durable.ContextSync) -> None:
        ctx.step.run("note", seen.append, 7)

    workflow_worker.run(define(closing))
    assert seen == [7]


def test_steps_of_a_group_run_side_by_side(workflow_worker: InProcessWorker) -> None:
    meeting = threading.Barrier(2, timeout=5)

    def meet(ctx: durable.ContextSync) -> list[int]:
        steps = [partial(ctx.step.run, name, meeting.wait) for name in "ab"]
        return list(ctx.group.parallel(tuple(steps)))

    assert sorted(workflow_worker.run(define(meet)).result) == [0, 1]


def retried(ctx: durable.ContextSync) -> str:
    return ctx.step.run("charge", stumble, "charged", 2)


def test_the_delay_of_retries_is_fixed(workflow_worker: InProcessWorker) -> None:
    run = workflow_worker.run(define(retried), timeout=5)
    assert (run.result, len(journal)) == ("charged", 3)


@pytest.mark.django_db(transaction=True)
def test_without_a_delay_the_setting_holds() -> None:
    define(retried)
    with InProcessWorker(threads=1) as worker, pytest.raises(AssertionError, match="is queued"):
        worker.run("order", timeout=0.2)
    assert len(journal) == 1


def test_a_failure_is_recorded(workflow_worker: InProcessWorker) -> None:
    run = workflow_worker.run(define(retried, retries=0))
    assert run.status == "failed"
    with pytest.raises(AssertionError, match="ValueError: charged fails"):
        workflow_worker.run("order", raise_failure=True)


def test_a_stub_is_seen_by_all_threads(workflow_worker: InProcessWorker) -> None:
    stubs = [workflow_worker.stub_step(name, returns=name[0]) for name in ("label", "invoice")]
    run = workflow_worker.run(define(GROUPS["sync, wait"]))
    assert run.result == ["l", "i", "mail"]
    assert [len(stub.calls) for stub in stubs] == [1, 1]
    workflow_worker.assert_step_ran(run, "mail", times=1)


def until(kill: Kill) -> None:
    give_up = time.monotonic() + 5
    while not kill.has_happened and time.monotonic() < give_up:
        time.sleep(0.01)
    assert kill.has_happened


@pytest.mark.parametrize("point", ["before_body", "before_record", "after_record"])
def test_a_killed_worker_is_replaced(workflow_worker: InProcessWorker, point: Point) -> None:
    kill = workflow_worker.kill_after("charge", point=point)
    define(functions.one)
    durable.send(durable.Event(name=EVENT))
    until(kill)
    clock.travel(timedelta(seconds=31))
    assert workflow_worker.wait(Run.objects.get()).result == "charged"


def test_a_kill_in_a_thread_of_a_group(workflow_worker: InProcessWorker) -> None:
    def threaded(ctx: durable.ContextSync) -> list[str]:
        steps = [partial(ctx.step.run, name, say, name) for name in "abcd"]
        return list(ctx.group.parallel(tuple(steps)))

    kill = workflow_worker.kill_after("c", point="before_body")
    define(threaded, threads=4)
    durable.send(durable.Event(name=EVENT))
    until(kill)
    clock.travel(timedelta(seconds=31))
    assert workflow_worker.wait(Run.objects.get()).result == ["a", "b", "c", "d"]


def test_nothing_runs_after_the_block(transactional_db: None) -> None:
    with InProcessWorker(threads=2) as worker:
        worker.run(define(functions.one))
    durable.send(durable.Event(name=EVENT))
    assert Run.objects.filter(status="queued").count() == 1
    assert not worker.is_running


def test_a_body_may_end_before_the_worker_does(transactional_db: None) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def slow(ctx: durable.ContextSync) -> None:
        ctx.step.run("begin", begun.set)
        ctx.step.run("slow", may_end.wait, 5)

    define(slow)
    with InProcessWorker(threads=1):
        durable.send(durable.Event(name=EVENT))
        assert begun.wait(5)
        may_end.set()
    assert Run.objects.get().status == "completed"


@pytest.mark.postgres
def test_connections_are_closed(transactional_db: None) -> None:
    sessions = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(sessions)
            return int(cursor.fetchone()[0])

    before = count()
    with InProcessWorker(threads=4) as worker:
        worker.run(define(GROUPS["sync, wait"], threads=4))
    eventually(
        lambda: count() <= before, lambda: f"{count()} sessions"
    )  # the server ends them later


def test_a_test_in_a_transaction_is_refused(db: None) -> None:
    with pytest.raises(ImproperlyConfigured, match="TransactionTestCase"):
        InProcessWorker().__enter__()


@pytest.mark.sqlite
def test_a_database_in_memory_is_refused(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: True)
    with pytest.raises(ImproperlyConfigured, match="Name a file"):
        InProcessWorker().__enter__()


def test_an_error_of_the_engine_is_logged_and_work_goes_on(
    workflow_worker: InProcessWorker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    take_one, broken = Worker.take_one, threading.Event()

    def breaks_once(self: Worker) -> int:
        if not broken.is_set():
            broken.set()
            raise LookupError("odd")
        return take_one(self)

    monkeypatch.setattr(Worker, "take_one", breaks_once)
    assert workflow_worker.run(define(functions.one)).result == "charged"
    assert "could not look for work" in caplog.text


def test_the_clocks_are_put_back(transactional_db: None) -> None:
    with InProcessWorker(threads=1):
        clock.travel(timedelta(days=1))
    assert clock.reference() == timedelta()


async def gathered(ctx: durable.Context) -> list[str]:
    return [await ctx.step.run(name, partial(asay, name)) for name in "abc"]


def test_many_runs_at_once(workflow_worker: InProcessWorker) -> None:
    define(gathered)
    durable.send([durable.Event(name=EVENT) for _ in range(20)])
    for run in Run.objects.all():
        assert workflow_worker.wait(run).result == ["a", "b", "c"]
