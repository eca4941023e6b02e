"""An invoked function that takes too long: the step fails, once and for ever, and the child goes on."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.engine.timers import ring
from durable.models import Run
from tests.harness import Player, say, steps_of, sync_and_async

HOUR = timedelta(hours=1)
NEVER = durable.TriggerEvent(event="case/never")
TIMED_OUT = ["InngestInvokeTimeoutError", "Timed out waiting for invoked function to complete"]


def slow(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("long", ctx.event.data["hours"] * HOUR)
    return "at last"


@pytest.fixture(autouse=True)
def callee(player: Player) -> durable.Function:
    return player.define(slow, fn_id="slow", trigger=NEVER)


def ask(ctx: durable.ContextSync) -> Any:
    hours = ctx.event.data["hours"]
    try:
        return ctx.step.invoke_by_id(
            "ask", function_id="slow", data={"hours": hours}, timeout=2 * HOUR
        )
    except durable.StepError as error:
        return [error.name, error.message]


async def aask(ctx: durable.Context) -> Any:
    hours = ctx.event.data["hours"]
    try:
        return await ctx.step.invoke_by_id(
            "ask", function_id="slow", data={"hours": hours}, timeout=2 * HOUR
        )
    except durable.StepError as error:
        return [error.name, error.message]


asks = sync_and_async(ask, aask)
STRICT = pytest.mark.parametrize("strict", [False, True])


@asks
@STRICT
def test_the_step_fails_when_its_time_is_over(player: Player, handler: Any, strict: bool) -> None:
    run = player.play(handler, {"hours": 3}, strict=strict)
    assert run.result == TIMED_OUT
    assert steps_of(run) == {"ask": "failed"}


@asks
def test_the_step_is_done_when_the_function_is_in_time(player: Player, handler: Any) -> None:
    assert player.play(handler, {"hours": 1}).result == "at last"


def test_the_child_goes_on_and_changes_nothing_any_more(player: Player) -> None:
    run = player.play(ask, {"hours": 3})
    child = Run.objects.get(parent=run)
    assert child.status == "waiting"
    before = list(run.steps.values())
    assert player.settle(child).result == "at last"
    assert list(run.steps.values()) == before
    run.refresh_from_db()
    assert run.result == TIMED_OUT


def test_the_time_that_is_over_counts_when_the_child_ends_before_it_is_recorded(
    player: Player, clock: ModuleType
) -> None:
    player.define(ask)
    run = player.send({"hours": 1})
    player.work()
    clock.travel(3 * HOUR)
    claims = player.store.steps.claim("rival", 9)
    ring(player.store, [claim for claim in claims if claim.op == "sleep"])
    player.work()
    assert Run.objects.get(parent=run).result == "at last"
    ring(player.store, [claim for claim in claims if claim.op == "invoke"])
    assert player.settle(run).result == TIMED_OUT


def test_the_child_that_has_ended_counts_when_the_time_is_over_later(
    player: Player, clock: ModuleType
) -> None:
    player.define(ask)
    run = player.send({"hours": 1})
    player.work()
    clock.travel(HOUR + timedelta(seconds=1))
    player.work()
    clock.travel(HOUR)
    assert player.store.steps.claim("rival", 9) == []
    assert player.settle(run).result == "at last"


def many(ctx: durable.ContextSync) -> list[Any]:
    def branch(hours: int) -> Any:
        try:
            return ctx.step.invoke_by_id(
                f"ask {hours}", function_id="slow", data={"hours": hours}, timeout=2 * HOUR
            )
        except durable.StepError as error:
            return ctx.step.run("instead", say, error.name)

    return list(ctx.group.parallel(tuple(partial(branch, hours) for hours in (1, 3))))


async def amany(ctx: durable.Context) -> list[Any]:
    async def branch(hours: int) -> Any:
        try:
            return await ctx.step.invoke_by_id(
                f"ask {hours}", function_id="slow", data={"hours": hours}, timeout=2 * HOUR
            )
        except durable.StepError as error:
            return await ctx.step.run("instead", say, error.name)

    return list(await ctx.group.parallel(tuple(partial(branch, hours) for hours in (1, 3))))


@sync_and_async(many, amany)
@pytest.mark.parametrize("mode", ParallelMode)
def test_one_branch_of_a_group_times_out(player: Player, handler: Any, mode: ParallelMode) -> None:
    run = player.play(handler, parallel_mode=mode)
    assert run.result == ["at last", "InngestInvokeTimeoutError"]


def test_a_year_is_waited_if_no_time_is_given(player: Player) -> None:
    player.define(lambda ctx: ctx.step.invoke_by_id("ask", function_id="slow", data={"hours": 1}))
    run = player.send()
    player.worker.take_one()
    step = run.steps.get()
    assert step.due_at is not None and step.started is not None
    assert timedelta(days=365) <= step.due_at - step.started < timedelta(days=365, seconds=2)


@pytest.mark.parametrize("timeout", [-1000, timedelta(days=367), "long", 1.5])
def test_a_time_that_cannot_be_is_refused(player: Player, timeout: Any) -> None:
    def ask(ctx: durable.ContextSync) -> Any:
        return ctx.step.invoke_by_id("ask", function_id="slow", timeout=timeout)

    run = player.play(ask)
    assert run.failure is not None
    assert run.failure["code"] == "duration_invalid"
    assert "Step 'ask': timeout" in run.failure["message"]
    assert not Run.objects.filter(parent=run).exists()
