"""`durable.retry`: a run that failed, or was cancelled, goes on from there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction

import durable
from durable import ParallelMode
from durable.authoring.registry import Registry
from durable.errors import RunStateError
from durable.models import Blob, Run
from tests.harness import Player, asay, journal, note, say, steps_of, sync_and_async

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])

broken: set[str] = set()


@pytest.fixture(autouse=True)
def world() -> None:
    broken.clear()
    broken.update({"charge", "b"})


def use(mark: str) -> str:
    """Be the body of a step that fails until somebody has mended it."""
    note(mark)
    if mark in broken:
        raise ValueError(f"{mark} is broken")
    return mark


async def ause(mark: str) -> str:
    return use(mark)


def order(ctx: durable.ContextSync) -> list[str]:
    first = ctx.step.run("reserve", say, "reserve")
    return [first, ctx.step.run("charge", use, "charge"), ctx.step.run("ship", say, "ship")]


async def aorder(ctx: durable.Context) -> list[str]:
    first = await ctx.step.run("reserve", asay, "reserve")
    charged = await ctx.step.run("charge", ause, "charge")
    return [first, charged, await ctx.step.run("ship", asay, "ship")]


def group(ctx: durable.ContextSync) -> list[str]:
    first = ctx.step.run("first", say, "first")
    return [first, *ctx.group.parallel(tuple(partial(ctx.step.run, n, use, n) for n in "abc"))]


async def agroup(ctx: durable.Context) -> list[str]:
    first = await ctx.step.run("first", asay, "first")
    return [first, *await asyncio.gather(*(ctx.step.run(n, ause, n) for n in "abc"))]


def again(player: Player, run: Run) -> Run:
    durable.retry(run.pk)
    return player.settle(run)


@sync_and_async(order, aorder)
@STRICT
def test_it_goes_on_from_the_failed_step(player: Player, handler: Any, strict: bool) -> None:
    run = player.play(handler, retries=0, strict=strict)
    assert run.status == "failed"
    broken.clear()
    again(player, run)
    assert run.result == ["reserve", "charge", "ship"]
    assert journal == ["reserve", "charge", "charge", "ship"]
    assert steps_of(run) == {"reserve": "done", "charge": "done", "ship": "done"}
    assert run.failure is None


@sync_and_async(order, aorder)
def test_it_has_all_its_tries_again(player: Player, handler: Any) -> None:
    run = player.play(handler, retries=2)
    again(player, run)
    assert run.status == "failed"
    assert journal.count("charge") == 6
    assert list(run.attempts.order_by("pk").values_list("number", flat=True)) == [0, 1, 2, 0, 1, 2]


@sync_and_async(group, agroup)
@MODES
@STRICT
def test_only_the_failed_branch_of_a_group_runs_again(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, retries=0, parallel_mode=mode, strict=strict)
    assert run.status == "failed"
    done = {name for name, status in steps_of(run).items() if status == "done"}
    broken.clear()
    again(player, run)
    assert run.result == ["first", "a", "b", "c"]
    assert all(journal.count(name) == 1 for name in done)
    assert set(steps_of(run).values()) == {"done"}


@MODES
def test_all_branches_that_failed_run_again(player: Player, mode: ParallelMode) -> None:
    broken.update("abc")
    run = player.play(group, retries=0, parallel_mode=mode)
    broken.clear()
    assert again(player, run).result == ["first", "a", "b", "c"]


def test_a_failure_that_was_got_over_is_kept(player: Player) -> None:
    def caught(ctx: durable.ContextSync) -> list[str]:
        try:
            ctx.step.run("card", use, "b")
        except durable.StepError:
            ctx.step.run("invoice", say, "invoice")
        return [ctx.step.run("charge", use, "charge")]

    run = player.play(caught, retries=0)
    broken.clear()
    assert again(player, run).result == ["charge"]
    assert journal == ["b", "invoice", "charge", "charge"]


def test_a_failure_in_a_group_that_was_got_over_is_kept(player: Player) -> None:
    def caught(ctx: durable.ContextSync) -> str:
        try:
            ctx.group.parallel((partial(ctx.step.run, "b", use, "b"),))
        except durable.StepError:
            note("caught")
        return ctx.step.run("charge", use, "charge")

    run = player.play(caught, retries=0)
    broken.clear()
    assert again(player, run).result == "charge"
    assert journal.count("b") == 1


def test_a_task_that_failed_while_the_code_around_it_went_on_is_tried_again(
    player: Player,
) -> None:
    async def beside(ctx: durable.Context) -> list[str]:
        task = asyncio.ensure_future(ctx.step.run("b", ause, "b"))
        first = await ctx.step.run("first", asay, "first")
        second = await ctx.step.run("second", asay, "second")
        return [first, second, await task]

    run = player.play(beside, retries=0)
    assert run.status == "failed"
    broken.clear()
    assert again(player, run).result == ["first", "second", "b"]
    assert sorted(journal) == ["b", "b", "first", "second"]


def test_a_failure_that_the_code_made_its_own_is_tried_again(player: Player) -> None:
    def wraps(ctx: durable.ContextSync) -> str:
        try:
            return ctx.step.run("charge", use, "charge")
        except durable.StepError as error:
            raise durable.NonRetriableError("no money") from error

    run = player.play(wraps, retries=0)
    broken.clear()
    assert again(player, run).result == "charge"


def test_code_that_failed_runs_again_with_all_its_tries(player: Player) -> None:
    def code(ctx: durable.ContextSync) -> int:
        ctx.step.run("a", say, "a")
        note(f"try {ctx.attempt}")
        use("b")
        return ctx.attempt

    run = player.play(code, retries=1)
    assert journal == ["a", "try 0", "b", "try 1", "b"]
    broken.clear()
    assert again(player, run).result == 0
    assert journal.count("a") == 1


def test_a_cancelled_run_goes_on(player: Player) -> None:
    def naps(ctx: durable.ContextSync) -> str:
        ctx.step.run("before", say, "before")
        ctx.step.sleep("nap", timedelta(hours=1))
        return ctx.step.run("after", say, "after")

    player.define(naps)
    run = player.send()
    player.work()
    durable.cancel(run.pk)
    assert again(player, run).result == "after"
    assert journal == ["before", "after"]


def test_a_run_that_was_cancelled_before_it_started_starts(player: Player) -> None:
    player.define(lambda ctx: ctx.step.run("a", say, "a"))
    run = player.send()
    durable.cancel(run.pk)
    assert again(player, run).result == "a"


def test_a_run_that_swallowed_a_signal_can_be_mended(
    player: Player, fresh_registry: Registry
) -> None:
    def swallows(ctx: durable.ContextSync) -> str:
        try:
            ctx.step.sleep("nap", timedelta(hours=1))
        except BaseException:  # noqa: BLE001 - what it must not do
            note("swallowed")
        return ctx.step.run("after", say, "after")

    def mended(ctx: durable.ContextSync) -> str:
        ctx.step.sleep("nap", timedelta(hours=1))
        return ctx.step.run("after", say, "after")

    run = player.play(swallows)
    assert run.failure is not None and run.failure["code"] == "interrupt_swallowed"
    fresh_registry.restore(Registry())
    player.define(mended)
    assert again(player, run).result == "after"


def test_large_results_are_kept(player: Player) -> None:
    def large(ctx: durable.ContextSync) -> int:
        text = ctx.step.run("large", lambda: "ü" * 5000)
        ctx.step.run("charge", use, "charge")
        return len(text)

    run = player.play(large, retries=0)
    broken.clear()
    assert again(player, run).result == 5000
    assert Blob.objects.count() == 1


@pytest.mark.parametrize("status", ["queued", "completed", "waiting"])
def test_only_what_failed_or_was_cancelled_is_retried(player: Player, status: str) -> None:
    def naps(ctx: durable.ContextSync) -> None:
        ctx.step.sleep("nap", timedelta(hours=1))

    player.define(naps)
    run = player.send()
    if status != "queued":
        player.work()
    if status == "completed":
        player.settle(run)
    with pytest.raises(RunStateError, match=f"Run {run.pk} of 'case' is {status}: only runs"):
        durable.retry(run.pk)
    run.refresh_from_db()
    assert run.status == status


def test_it_is_retried_once(player: Player) -> None:
    run = player.play(order, retries=0)
    durable.retry(run.pk)
    with pytest.raises(RunStateError):
        durable.retry(run.pk)


def test_it_is_undone_with_the_transaction_of_the_caller(player: Player) -> None:
    run = player.play(order, retries=0)
    with transaction.atomic():
        durable.retry(run.pk)
        transaction.set_rollback(True)
    run.refresh_from_db()
    assert (run.status, steps_of(run)) == ("failed", {"reserve": "done", "charge": "failed"})


def test_who_held_it_before_writes_nothing(player: Player) -> None:
    player.define(order, retries=0)
    run = player.send()
    (held,) = player.store.runs.claim("rival:1:1")
    durable.cancel(run.pk)
    durable.retry(run.pk)
    assert not player.store.runs.finish(held, "completed", output='"stale"', though_released=True)
    broken.clear()
    assert player.settle(run).result == ["reserve", "charge", "ship"]


@pytest.mark.django_db(transaction=True)
def test_it_is_retried_from_async_code(player: Player) -> None:
    run = player.play(order, retries=0)
    broken.clear()
    asyncio.run(durable.aretry(run.pk))
    assert player.settle(run).result == ["reserve", "charge", "ship"]
