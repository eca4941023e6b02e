"""`ctx.logger` writes each line once, however often the code around it runs again."""

from __future__ import annotations

import asyncio
import logging
from functools import partial

import pytest

import durable
from durable import ParallelMode
from tests.harness import Handler, Player, astumble, say, stumble, sync_and_async


def sequence(ctx: durable.ContextSync) -> None:
    ctx.step.run("first", say, "first")
    ctx.logger.info("between")
    ctx.step.run("second", say, "second")
    ctx.logger.info("before the third")
    ctx.step.run("fourth", say, "fourth")
    ctx.step.run("shaky", stumble, "shaky", 2)
    ctx.logger.info("end")


async def sequence_async(ctx: durable.Context) -> None:
    await ctx.step.run("first", say, "first")
    ctx.logger.info("between")
    await ctx.step.run("second", say, "second")
    ctx.logger.info("before the third")
    await ctx.step.run("fourth", say, "fourth")
    await ctx.step.run("shaky", astumble, "shaky", 2)
    ctx.logger.info("end")


def around_groups(ctx: durable.ContextSync) -> None:
    def branch(name: str) -> None:
        ctx.logger.info("branch %s", name)
        ctx.step.run("one", say, name)
        ctx.logger.info("branch %s goes on", name)
        ctx.step.run("two", say, name)

    ctx.logger.info("start")
    ctx.group.parallel((partial(branch, "left"), partial(branch, "right")))
    ctx.logger.info("between")
    ctx.group.parallel((lambda: ctx.step.run("shaky", stumble, "shaky"),))
    ctx.logger.info("end")


async def around_groups_async(ctx: durable.Context) -> None:
    async def branch(name: str) -> None:
        ctx.logger.info("branch %s", name)
        await ctx.step.run("one", say, name)
        ctx.logger.info("branch %s goes on", name)
        await ctx.step.run("two", say, name)

    ctx.logger.info("start")
    await ctx.group.parallel((partial(branch, "left"), partial(branch, "right")))
    ctx.logger.info("between")
    await ctx.group.parallel((lambda: ctx.step.run("shaky", stumble, "shaky"),))
    ctx.logger.info("end")


async def around_tasks(ctx: durable.Context) -> None:
    async def branch(name: str) -> None:
        ctx.logger.info("branch %s", name)
        await ctx.step.run("one", say, name)
        ctx.logger.info("branch %s goes on", name)
        await ctx.step.run("two", say, name)

    ctx.logger.info("start")
    await asyncio.gather(branch("left"), branch("right"))
    ctx.logger.info("between")
    await asyncio.gather(ctx.step.run("shaky", stumble, "shaky"))
    ctx.logger.info("end")


def in_bodies(ctx: durable.ContextSync) -> None:
    def body() -> str:
        ctx.logger.info("body")
        return stumble("shaky")

    ctx.step.run("before", say, "before")
    ctx.step.run("shaky", body)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "durable.run"]


@pytest.fixture(autouse=True)
def listen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="durable.run")


@pytest.mark.parametrize("strict", [True, False])
@sync_and_async(sequence, sequence_async)
def test_lines_between_steps_appear_once(
    player: Player, handler: Handler, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    player.play(handler, strict=strict)
    assert lines(caplog) == ["between", "before the third", "end"]


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("handler", [around_groups, around_groups_async, around_tasks])
def test_lines_around_and_in_branches_appear_once(
    player: Player,
    handler: Handler,
    mode: ParallelMode,
    strict: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    player.play(handler, parallel_mode=mode, strict=strict)
    assert sorted(lines(caplog)) == sorted(
        [
            *("start", "branch left", "branch left goes on"),
            *("branch right", "branch right goes on", "between", "end"),
        ]
    )


def test_a_body_logs_at_each_try(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    player.play(in_bodies)
    assert lines(caplog) == ["body", "body"]


def test_lines_carry_the_runs_id(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    run = player.play(sequence)
    assert {
        record.__dict__["run_id"] for record in caplog.records if "run_id" in record.__dict__
    } == {str(run.pk)}
