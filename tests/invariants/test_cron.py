"""A time of a cron line starts one run, whoever looks, whoever dies, and wherever they are stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.db import OperationalError

import durable
from durable import clock
from durable.authoring.registry import registry
from durable.engine import cron
from durable.models import Event, Run, Schedule
from durable.store import Store
from tests.invariants import stage
from tests.invariants.actors import PATIENCE, Actor, preempted, together
from tests.invariants.crash import Fault, Injector

pytestmark = pytest.mark.timeout(120)

NOON = datetime(2027, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hourly(clean_stage: None, store: Store) -> Iterator[None]:
    """A function with a line, whose next time comes in a moment."""
    define("hourly")
    clock.travel(NOON - timedelta(minutes=5) - clock.now())
    for _ in range(2):
        cron.sync(store)
    yield


def define(fn_id: str) -> None:
    """Register a function that runs every hour."""
    trigger = durable.TriggerCron(cron="TZ=UTC 0 * * * *")
    durable.create_function(fn_id=fn_id, trigger=trigger)(lambda ctx: stage.say("ran"))


def reach(hour: int) -> datetime:
    """Move the clocks just past a full hour; return that hour."""
    tick = NOON + timedelta(hours=hour)
    clock.travel(tick + timedelta(seconds=1) - clock.now())
    return tick


def look(store: Store) -> int:
    """Do what a worker does when it looks at the schedules."""
    return cron.fire(store, cron.sync(store))


def check(store: Store, tick: datetime, where: str = "") -> None:
    """Hold that the time has one event and one run, and that the line has moved on."""
    assert Event.objects.filter(ts=tick).count() == 1, where
    assert Run.objects.filter(event__ts=tick).count() == 1, where
    row = Schedule.objects.get()
    assert (row.fired, row.due_at) == (tick, tick + timedelta(hours=1)), where


def test_many_who_look_at_one_moment_start_one_run(store: Store) -> None:
    for hour in range(5):
        tick = reach(hour)
        assert sum(together([partial(look, store)] * 4)) == 1
        check(store, tick)


def test_many_lines_of_one_moment_start_a_run_each(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.engine.cron._BATCH", 2)
    for n in range(6):
        define(f"other-{n}")
    look(store)
    for hour in range(3):
        tick = reach(hour)
        together([partial(look, store)] * 4)
        while look(store):  # whoever was overtaken left the rest to be looked at again
            pass
        runs = Run.objects.filter(event__ts=tick)
        assert sorted(runs.values_list("function", flat=True)) == sorted(registry.functions)
        assert set(Schedule.objects.values_list("fired", flat=True)) == {tick}


def test_many_workers_run_it_once(store: Store) -> None:
    for hour in range(3):
        tick = reach(hour)
        workers = [stage.worker(store, name, workers=3) for name in "abc"]
        together([partial(stage.work, worker) for worker in workers])
        check(store, tick)
    assert stage.bodies() == {"ran": 3}


def test_many_who_meet_a_new_line_write_one_row(store: Store) -> None:
    Schedule.objects.all().delete()
    together([partial(cron.sync, store)] * 4)
    assert Schedule.objects.count() == 1


def test_who_is_overtaken_at_any_statement_starts_nothing_twice(store: Store) -> None:
    for point in range(1, 30):
        tick = reach(point)
        both = preempted(partial(look, store), partial(look, store), point)
        if both is None:
            break
        first, second, where = both
        assert first + second == 1, where
        check(store, tick, where)
    assert point > 4


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_statement_neither_loses_nor_doubles_a_time(
    store: Store, fault: Fault
) -> None:
    for point in range(1, 30):
        tick = reach(point)
        injector = Injector(fault, point)
        victim = Actor(partial(look, store), injector.hit)
        victim.join(PATIENCE)
        assert not victim.is_alive()
        assert injector.is_dead or isinstance(victim.error, OperationalError | None), victim.error
        is_over = len(injector.trace) < point
        look(store)
        check(store, tick, f"{fault} at {injector.trace[-1:]}")
        if is_over:
            break
    assert point > 4
