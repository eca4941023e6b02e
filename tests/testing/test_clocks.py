"""time-machine and freezegun move durable's clocks and the database's, while the kit is in use."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from freezegun import freeze_time

import durable
from durable import clock
from durable.models import Run
from durable.testing import Workflows
from tests.harness import say, stumble, sync_and_async
from tests.testing import functions
from tests.testing.functions import define

NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
PAUSES = sync_and_async(functions.pause, functions.pause_async)


@PAUSES
def test_a_sleep_ends_by_a_frozen_clock(workflows: Workflows, handler: Any) -> None:
    with freeze_time(NEW_YEAR) as frozen:
        run = workflows.run(define(handler))
        frozen.tick(timedelta(days=2, hours=23))
        workflows.settle()
        workflows.assert_waiting(run, "cool-off")
        frozen.tick(timedelta(hours=1, seconds=1))
        workflows.settle()
        assert workflows.get(run).result == "shipped"


@PAUSES
@pytest.mark.parametrize("tick", [True, False])
def test_a_sleep_ends_by_a_travelled_clock(workflows: Workflows, handler: Any, tick: bool) -> None:
    with time_machine.travel(NEW_YEAR, tick=tick) as traveller:
        run = workflows.run(define(handler))
        traveller.shift(timedelta(days=2, hours=23))
        workflows.settle()
        workflows.assert_waiting(run, "cool-off")
        traveller.shift(timedelta(hours=1, seconds=1))
        workflows.settle()
        assert workflows.get(run).result == "shipped"


def test_rows_bear_the_frozen_time(workflows: Workflows) -> None:
    with freeze_time(NEW_YEAR):
        workflows.run(define(functions.one))
    row = Run.objects.get()
    step = row.steps.get()
    assert row.ended is not None
    assert row.event is not None
    assert step.ended is not None
    for moment in (row.created, row.ended, row.event.ts, row.event.received, step.ended):
        assert abs(moment - NEW_YEAR) < timedelta(milliseconds=2)


def test_the_kit_travels_on_from_a_frozen_clock(workflows: Workflows) -> None:
    with freeze_time(NEW_YEAR):
        run = workflows.run(define(functions.pause))
        workflows.settle(through="4d")
        assert workflows.get(run).result == "shipped"
        assert timedelta(days=4) <= clock.now() - NEW_YEAR < timedelta(days=4, milliseconds=2)


@pytest.mark.parametrize("name", functions.GROUPS)
def test_a_group_with_a_retry_under_a_frozen_clock(workflows: Workflows, name: str) -> None:
    workflows.stub_step("label", call=lambda mark: stumble(mark))
    with freeze_time(NEW_YEAR):
        run = workflows.run(define(functions.GROUPS[name]), through="1h")
    assert run.result == ["label", "invoice", "mail"]


def test_a_wait_looks_back_by_a_frozen_clock(workflows: Workflows) -> None:
    def looks_back(ctx: durable.ContextSync) -> str:
        event = ctx.step.wait_for_event("w", event="shop/a", timeout="1h", lookback="1m")
        return "timed out" if event is None else str(event.data["n"])

    with freeze_time(NEW_YEAR) as frozen:
        durable.send(durable.Event(name="shop/a", data={"n": 1}))
        frozen.tick(30)
        assert workflows.run(define(looks_back)).result == "1"


def test_a_freeze_in_mid_run_is_followed(workflows: Workflows) -> None:
    run = workflows.run(define(functions.pause))
    with freeze_time(datetime.now(UTC) + timedelta(days=4)):
        workflows.settle()
    assert workflows.get(run).result == "shipped"


def test_without_the_kit_the_database_keeps_its_time(db: None) -> None:
    define(functions.one)
    with freeze_time(NEW_YEAR):
        durable.send(durable.Event(name=functions.EVENT))
    assert Run.objects.get().created < NEW_YEAR


def until(ctx: durable.ContextSync) -> str:
    ctx.step.sleep_until("morning", NEW_YEAR.replace(hour=9))
    return ctx.step.run("mail", say, "mailed")


def test_a_moment_is_reached_to_the_second(workflows: Workflows) -> None:
    with freeze_time(NEW_YEAR) as frozen:
        run = workflows.run(define(until))
        frozen.move_to(NEW_YEAR.replace(hour=8, minute=59, second=59))
        workflows.settle()
        workflows.assert_waiting(run, "morning")
        frozen.move_to(NEW_YEAR.replace(hour=9))
        workflows.settle()
        assert workflows.get(run).result == "mailed"
