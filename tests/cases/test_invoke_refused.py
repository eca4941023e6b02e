"""What cannot be invoked: an unknown function, data that is not JSON, a thing that is no function."""

from __future__ import annotations

import asyncio
from datetime import date
from functools import partial
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.models import Event, Run
from tests.harness import Player, journal, note, say, steps_of, sync_and_async

STRICT = pytest.mark.parametrize("strict", [False, True])
MODES = pytest.mark.parametrize("mode", ParallelMode)
NEVER = durable.TriggerEvent(event="case/never")
UNKNOWN = ["Error", "could not find function with ID: nowhere"]


def ask(ctx: durable.ContextSync) -> Any:
    note("call")
    try:
        ctx.step.invoke_by_id("ask", function_id="nowhere")
    except durable.StepError as error:
        return [error.name, error.message]
    raise AssertionError


async def aask(ctx: durable.Context) -> Any:
    note("call")
    try:
        await ctx.step.invoke_by_id("ask", function_id="nowhere")
    except durable.StepError as error:
        return [error.name, error.message]
    raise AssertionError


@sync_and_async(ask, aask)
@STRICT
def test_an_unknown_function_fails_the_step_at_once(
    player: Player, handler: Any, strict: bool
) -> None:
    player.define(handler, strict=strict)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert run.result == UNKNOWN
    assert steps_of(run) == {"ask": "failed"}
    assert not Run.objects.filter(parent=run).exists()
    assert not Event.objects.filter(name="durable/function.invoked").exists()


def test_a_slip_of_the_pen_is_answered_with_the_function_that_was_meant(player: Player) -> None:
    def parent(ctx: durable.ContextSync) -> Any:
        try:
            ctx.step.invoke_by_id("ask", function_id="caze")
        except durable.StepError as error:
            return error.message

    player.define(parent)
    run = player.send()
    player.work()
    run.refresh_from_db()
    assert run.result == "could not find function with ID: caze. Did you mean 'case'?"


def test_it_stays_unknown_to_the_run_when_it_is_defined_later(player: Player) -> None:
    def twice(ctx: durable.ContextSync) -> Any:
        found = ask(ctx)
        ctx.step.sleep("nap", 1000)
        return found

    player.define(twice)
    run = player.send()
    player.work()
    player.define(lambda ctx: "here now", fn_id="nowhere", trigger=NEVER)
    assert player.settle(run).result == UNKNOWN
    assert journal.count("call") > 1


def group(ctx: durable.ContextSync) -> list[Any]:
    def branch(function_id: str) -> Any:
        try:
            return ctx.step.invoke_by_id(function_id, function_id=function_id)
        except durable.StepError as error:
            return error.name

    ids = ("known", "nowhere", "known")
    branches: list[Any] = [partial(branch, one) for one in ids]
    return list(ctx.group.parallel((*branches, lambda: ctx.step.run("beside", say, "beside"))))


async def agroup(ctx: durable.Context) -> list[Any]:
    async def branch(function_id: str) -> Any:
        try:
            return await ctx.step.invoke_by_id(function_id, function_id=function_id)
        except durable.StepError as error:
            return error.name

    ids = ("known", "nowhere", "known")
    branches = [branch(one) for one in ids]
    return list(await asyncio.gather(*branches, ctx.step.run("beside", say, "beside")))


@sync_and_async(group, agroup)
@STRICT
@MODES
def test_an_unknown_function_in_a_group_leaves_the_others_alone(
    player: Player, handler: Any, strict: bool, mode: ParallelMode
) -> None:
    player.define(lambda ctx: "known", fn_id="known", trigger=NEVER)
    run = player.play(handler, strict=strict, parallel_mode=mode)
    assert run.result == ["known", "Error", "known", "beside"]
    assert Run.objects.filter(parent=run).count() == 2


def give(ctx: durable.ContextSync) -> Any:
    data: Any = {"when": [1, date(2026, 1, 1)]}
    return ctx.step.invoke_by_id("ask", function_id="case", data=data)


async def agive(ctx: durable.Context) -> Any:
    data: Any = {"when": [1, date(2026, 1, 1)]}
    return await ctx.step.invoke_by_id("ask", function_id="case", data=data)


@sync_and_async(give, agive)
def test_data_that_is_not_json_is_named_with_its_path(player: Player, handler: Any) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["name"] == "OutputUnserializableError"
    assert run.failure["message"] == (
        "the data of step 'ask' cannot be stored as JSON: $.when[1]: date. Use .isoformat()."
    )
    assert steps_of(run) == {"ask": "failed"}
    assert Run.objects.count() == 1


def test_data_that_is_no_dict_is_refused(player: Player) -> None:
    data: Any = [1]
    run = player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id="case", data=data))
    assert run.failure is not None
    assert run.failure["message"] == "Step 'ask': data must be a dict, not list."


def test_data_that_is_too_large_is_refused(player: Player, settings: Any) -> None:
    settings.DURABLE = {"MAX_EVENT_BYTES": 1000}
    data = {"text": "x" * 1000}
    run = player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id="case", data=data))
    assert run.failure is not None
    assert "MAX_EVENT_BYTES" in run.failure["message"]


@pytest.mark.parametrize("function", [None, "case", say])
def test_what_is_not_a_function_is_refused(player: Player, function: Any) -> None:
    run = player.play(lambda ctx: ctx.step.invoke("ask", function=function))
    assert run.failure is not None
    assert "function must be what durable.create_function made" in run.failure["message"]


@pytest.mark.parametrize("function_id", [None, "", 7])
def test_what_is_not_an_id_is_refused(player: Player, function_id: Any) -> None:
    run = player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id=function_id))
    assert run.failure is not None
    assert "function_id must be the id of a function" in run.failure["message"]
