"""`durable.cancel`: no further step starts, what is being executed is dropped, and it is said why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import connections, transaction

import durable
from durable import ParallelMode
from durable.engine.assist import assist
from durable.engine.timers import ring
from durable.errors import RunNotFoundError
from durable.models import Run, Wait
from durable.models.status import OPEN_STEP
from tests.harness import Player, journal, note, say, steps_of, sync_and_async
from tests.naps import HOUR, anap, nap

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


def cancel_it(run_id: str) -> str:
    note("cancelled here")
    assert durable.cancel(run_id)
    return "too late"


def in_another_session(call: Callable[..., object], *args: object) -> None:
    def work() -> None:
        try:
            call(*args)
        finally:
            connections.close_all()

    thread = Thread(target=work)
    thread.start()
    thread.join()


def amid(ctx: durable.ContextSync) -> None:
    ctx.step.run("first", say, "first")
    ctx.step.run("second", cancel_it, ctx.run_id)
    ctx.step.run("third", say, "third")


async def aamid(ctx: durable.Context) -> None:
    await ctx.step.run("first", say, "first")
    await ctx.step.run("second", cancel_it, ctx.run_id)
    await ctx.step.run("third", say, "third")


def side_by_side(ctx: durable.ContextSync) -> None:
    ctx.group.parallel(
        (
            partial(ctx.step.run, "a", cancel_it, ctx.run_id),
            partial(ctx.step.sleep, "nap", HOUR),
        )
    )
    ctx.step.run("after", say, "after")


async def aside_by_side(ctx: durable.Context) -> None:
    await asyncio.gather(ctx.step.run("a", cancel_it, ctx.run_id), ctx.step.sleep("nap", HOUR))
    await ctx.step.run("after", say, "after")


def check(player: Player, run: Run) -> None:
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert (run.owner, run.due_at, run.deadline, run.pending) == (None, None, None, 0)
    assert run.result is run.failure is None
    assert not run.steps.filter(status__in=OPEN_STEP).exists()
    assert not player.jump()


def test_a_run_that_has_not_started_never_does(player: Player) -> None:
    player.define(nap)
    run = player.send()
    assert durable.cancel(str(run.pk)) is True
    player.work()
    check(player, run)
    assert (run.started, journal) == (None, [])


@sync_and_async(nap, anap)
@STRICT
def test_a_run_that_sleeps_does_not_wake(player: Player, handler: Any, strict: bool) -> None:
    player.define(handler, strict=strict)
    run = player.send()
    player.work()
    assert durable.cancel(run.pk) is True
    check(player, run)
    assert steps_of(run) == {"before": "done", "nap": "cancelled"}
    assert journal == ["before"]


@sync_and_async(amid, aamid)
@STRICT
def test_a_step_that_is_executed_is_dropped_and_no_other_starts(
    player: Player, handler: Any, strict: bool
) -> None:
    player.define(handler, strict=strict)
    run = player.send()
    player.work()
    check(player, run)
    assert journal == ["first", "cancelled here"]
    assert steps_of(run) == {"first": "done"}


@sync_and_async(side_by_side, aside_by_side)
@MODES
@STRICT
def test_a_group_is_dropped_with_its_open_steps(
    player: Player, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    player.define(handler, parallel_mode=mode, strict=strict)
    run = player.send()
    player.work()
    check(player, run)
    assert journal == ["cancelled here"]
    assert "done" not in steps_of(run).values()


@MODES
@STRICT
@pytest.mark.parametrize("threads", [1, 4])
def test_steps_that_were_claimed_together_do_not_start(
    player: Player,
    mode: ParallelMode,
    strict: bool,
    threads: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("durable.engine.batch.HOLD", 0.0)

    def group(ctx: durable.ContextSync) -> None:
        more = [partial(ctx.step.run, name, say, name) for name in "bcdefgh"]
        ctx.group.parallel((partial(ctx.step.run, "a", cancel_it, ctx.run_id), *more))

    player.define(group, parallel_mode=mode, strict=strict)
    run = player.send()
    player.work()
    check(player, run)
    assert journal == ["cancelled here"]


@pytest.mark.postgres
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
def test_what_an_atomic_step_wrote_is_rolled_back(player: Player) -> None:
    def write(run_id: str) -> None:
        Group.objects.create(name="kept")
        in_another_session(durable.cancel, run_id)

    def atomic(ctx: durable.ContextSync) -> None:
        ctx.step.run("write", write, ctx.run_id, atomic=True)

    player.define(atomic)
    run = player.send()
    player.work()
    check(player, run)
    assert not Group.objects.exists()


@MODES
def test_a_result_that_comes_after_the_end_is_dropped(player: Player, mode: ParallelMode) -> None:
    def naps(ctx: durable.ContextSync) -> None:
        ctx.group.parallel((lambda: ctx.step.sleep("a", HOUR), lambda: ctx.step.sleep("b", HOUR)))

    player.define(naps, parallel_mode=mode)
    run = player.send()
    player.work()
    player.jump()
    claims = player.store.steps.claim("rival:1:1", 2)
    durable.cancel(run.pk)
    assert ring(player.store, claims) == []
    check(player, run)
    assert steps_of(run) == {"a": "cancelled", "b": "cancelled"}


@MODES
def test_steps_that_others_have_claimed_do_not_start(player: Player, mode: ParallelMode) -> None:
    def group(ctx: durable.ContextSync) -> None:
        ctx.group.parallel(tuple(partial(ctx.step.run, n, say, n) for n in "ab"))

    player.define(group, parallel_mode=mode, strict=True)
    run = player.send()
    player.worker.take_one()
    claims = player.store.steps.claim("rival:1:1", 2)
    durable.cancel(run.pk)
    assist(player.store, claims, owner="rival:1:1")
    check(player, run)
    assert journal == []


def test_a_step_that_waits_for_its_next_try_is_closed(player: Player) -> None:
    def fails(ctx: durable.ContextSync) -> None:
        ctx.step.run("shaky", [].pop)

    player.define(fails)
    run = player.send()
    player.work()
    assert durable.cancel(run.pk)
    check(player, run)
    assert steps_of(run) == {"shaky": "cancelled"}


def test_nobody_waits_for_events_any_more(player: Player) -> None:
    def waits(ctx: durable.ContextSync) -> None:
        ctx.step.wait_for_event("reply", event="case/reply", timeout=HOUR)

    player.define(waits)
    run = player.send()
    player.work()
    assert Wait.objects.count() == 1
    durable.cancel(run.pk)
    check(player, run)
    assert not Wait.objects.exists()


def test_a_run_that_has_ended_stays_as_it_is(player: Player) -> None:
    run = player.play(lambda ctx: "result")
    assert durable.cancel(run.pk) is False
    run.refresh_from_db()
    assert (run.status, run.result) == ("completed", "result")


def test_the_second_of_two_finds_it_done(player: Player) -> None:
    player.define(nap)
    run = player.send()
    assert [durable.cancel(run.pk), durable.cancel(run.pk)] == [True, False]


def test_cancelling_is_undone_with_the_transaction_of_the_caller(player: Player) -> None:
    player.define(nap)
    run = player.send()
    player.work()
    with transaction.atomic():
        assert durable.cancel(run.pk)
        transaction.set_rollback(True)
    assert player.settle(run).result == "after"


@pytest.mark.parametrize("run_id", [UUID(int=7), str(UUID(int=7)), "no id", ""])
def test_a_run_that_does_not_exist_is_named(run_id: Any) -> None:
    with pytest.raises(RunNotFoundError, match=f"There is no run '{run_id}'"):
        durable.cancel(run_id)


def test_it_says_why(player: Player) -> None:
    player.define(nap)
    run = player.send()
    durable.cancel(run.pk)
    assert durable.get_run(run.pk).reason == "It was cancelled by durable.cancel."


def test_it_is_told_after_the_commit(
    player: Player, caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    player.define(nap)
    run = player.send()
    with caplog.at_level(logging.INFO), django_capture_on_commit_callbacks(execute=True):
        durable.cancel(run.pk)
        assert caplog.messages == []
    assert caplog.messages == [f"run {run.pk} of case cancelled"]


@sync_and_async(amid, aamid)
@STRICT
def test_who_drives_it_does_not_call_that_an_error(
    player: Player, handler: Any, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    player.define(handler, strict=strict)
    run = player.send()
    with caplog.at_level(logging.INFO):
        player.work()
    assert f"run {run.pk} is no longer ours" in caplog.messages
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_a_code_that_fails_after_it_was_cancelled_is_not_tried_again(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(ctx: durable.ContextSync) -> None:
        durable.cancel(ctx.run_id)
        raise ValueError("too late")

    player.define(fails)
    run = player.send()
    player.work()
    check(player, run)
    assert not run.attempts.exists()
    assert caplog.messages == []


@pytest.mark.django_db(transaction=True)
def test_a_run_is_cancelled_from_async_code(player: Player) -> None:
    player.define(nap)
    run = player.send()
    assert asyncio.run(durable.acancel(run.pk)) is True
    check(player, run)


def test_an_atomic_step_that_cancels_its_own_run_is_told_how_to(player: Player) -> None:
    def give_up(ctx: durable.ContextSync) -> bool:
        return ctx.step.run("give up", durable.cancel, ctx.run_id, atomic=True)

    run = player.play(give_up)
    assert run.failure is not None
    assert "Atomic step 'give up' cancelled its own run" in run.failure["message"]


def test_a_step_may_cancel_its_own_run(player: Player) -> None:
    def give_up(ctx: durable.ContextSync) -> bool:
        return ctx.step.run("give up", durable.cancel, ctx.run_id)

    run = player.play(give_up)
    assert run.status == "cancelled"
