"""A worker is lost while it drives a run: another one goes on from what is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import clock as clocks
from durable import wake
from durable.authoring.registry import Registry
from durable.engine.held import held
from durable.models import Run
from durable.store import get_store
from durable.wake.inprocess import Counter
from durable.worker.drain import Worker
from tests.invariants.crash import Crash, Injector
from tests.invariants.seam import seen

pytestmark = pytest.mark.django_db

LEASE = 30

journal: list[str] = []
kill_at: set[str] = set()
process = Injector()


@pytest.fixture(autouse=True)
def stage(fresh_registry: Registry, clock: ModuleType) -> Iterator[None]:
    journal.clear()
    kill_at.clear()
    with wake.use(Counter()):
        yield


def say(mark: str) -> str:
    """Leave a mark; have the worker killed once, if that is due here."""
    if process.is_dead:
        raise Crash(mark)
    journal.append(mark)
    if mark in kill_at:
        kill_at.remove(mark)
        process.is_dead = True
    return mark


def started(handler: Callable[[durable.ContextSync], object], **options: Any) -> Run:
    make = durable.create_function(
        fn_id="recovers", trigger=durable.TriggerEvent(event="go"), **options
    )
    make(handler)
    return Run.objects.get(event_id=durable.send(durable.Event(name="go"))[0])


def work(name: str) -> None:
    worker = Worker(store=get_store(), owner=f"{name}:1:1", workers=1)
    while worker.take_one():
        pass


def lose(mark: str) -> None:
    """Have a worker that is killed in the body of a step."""
    kill_at.add(mark)
    with pytest.raises(Crash), seen(process.hit):
        work("lost")
    process.is_dead = False


def later(seconds: float) -> None:
    clocks.travel(timedelta(seconds=seconds))


def three_steps(ctx: durable.ContextSync) -> list[str]:
    return [ctx.step.run(name, say, name) for name in ("a", "b", "c")]


def group_of_three(ctx: durable.ContextSync) -> tuple[str, ...]:
    run = ctx.step.run
    return ctx.group.parallel(
        (lambda: run("a", say, "a"), lambda: run("b", say, "b"), lambda: run("c", say, "c"))
    )


def test_a_run_is_not_taken_from_a_worker_before_its_lease_has_passed() -> None:
    run = started(three_steps)
    lose("b")
    later(LEASE - 2)
    work("second")
    run.refresh_from_db()
    assert (run.status, run.owner, journal) == ("running", "lost:1:1", ["a", "b"])


def test_steps_that_were_recorded_do_not_run_again() -> None:
    run = started(three_steps)
    lose("b")
    later(LEASE + 1)
    work("second")
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", ["a", "b", "c"])
    assert journal == ["a", "b", "b", "c"]


def test_a_lost_worker_costs_no_attempt() -> None:
    run = started(three_steps, retries=0)
    lose("b")
    later(LEASE + 1)
    work("second")
    run.refresh_from_db()
    assert (run.status, run.attempts.count()) == ("completed", 0)


def test_what_a_lost_worker_held_is_not_renewed() -> None:
    started(three_steps)
    lose("b")
    assert held.snapshot() == ({}, {})


def test_what_is_released_for_a_lost_worker_is_due_at_once() -> None:
    run = started(three_steps)
    lose("b")
    assert get_store().release_owners(["lost:1:1"]) == 1
    work("second")
    run.refresh_from_db()
    assert run.status == "completed"


def test_a_wave_that_was_planned_is_finished_by_others() -> None:
    run = started(group_of_three)
    lose("b")
    later(LEASE + 1)
    work("second")
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", ["a", "b", "c"])
    assert sorted(journal) == ["a", "b", "b", "c"]


@pytest.mark.parametrize("mode", durable.ParallelMode)
def test_a_helper_that_is_lost_loses_only_its_own_step(mode: durable.ParallelMode) -> None:
    run = started(group_of_three, parallel_mode=mode, strict=True)
    lose("b")
    later(LEASE + 1)
    work("second")
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", ["a", "b", "c"])
    assert sorted(journal) == ["a", "b", "b", "c"]


def test_a_step_that_was_to_be_retried_is_retried_by_another_worker() -> None:
    def stumble() -> str:
        if journal.count("stumble") == 0:
            journal.append("stumble")
            raise ValueError("the first try fails")
        return say("again")

    run = started(lambda ctx: ctx.step.run("stumble", stumble))
    work("first")
    later(60)
    lose("again")
    later(LEASE + 1)
    work("third")
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", "again")
    assert [attempt.number for attempt in run.attempts.all()] == [0]


def test_a_run_that_missed_the_end_of_its_steps_goes_on() -> None:
    run = started(group_of_three, strict=True)
    lose("c")
    run.steps.filter(name="c").update(status="done", output='"c"', due_at=None, owner=None)
    later(LEASE + 1)
    work("second")
    assert not Run.objects.filter(pk=run.pk, status="completed").exists()
    assert get_store().leases.mend() == 1
    work("second")
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", ["a", "b", "c"])
