"""`step.run(timeout=)`: a try that takes too long is interrupted, and has failed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction

import durable
from durable import ParallelMode, clock
from durable.models import Run
from durable.worker import heartbeat
from tests.harness import Handler, Player, journal, note, say, steps_of, sync_and_async

SHORT = timedelta(milliseconds=50)
ENOUGH = timedelta(milliseconds=500)  # to come to where the body hangs, through the ORM
BOUND = 15.0  # seconds after which a body that nobody interrupts ends by itself


def limit(mark: str, first: timedelta = SHORT) -> timedelta:
    """Return a limit that a body passes at its first try, and a generous one for the next."""
    return timedelta(seconds=BOUND) if mark in journal else first


def slow(mark: str) -> str:
    """Hang at the first try."""
    note(mark)
    if journal.count(mark) == 1:
        time.sleep(BOUND)
        note(f"{mark} was not interrupted")
    return mark


def hang(mark: str) -> str:
    """Hang at each try."""
    note(mark)
    time.sleep(BOUND)
    return mark


async def slow_async(mark: str) -> str:
    note(mark)
    if journal.count(mark) == 1:
        await asyncio.sleep(BOUND)
        note(f"{mark} was not interrupted")
    return mark


async def hang_async(mark: str) -> str:
    note(mark)
    await asyncio.sleep(BOUND)
    return mark


def alone(ctx: durable.ContextSync, body: Any = slow, **options: Any) -> str:
    return str(ctx.step.run("a", body, "a", **{"timeout": limit("a"), **options}))


async def alone_async(ctx: durable.Context, body: Any = slow, **options: Any) -> str:
    return str(await ctx.step.run("a", body, "a", **{"timeout": limit("a"), **options}))


def together(ctx: durable.ContextSync, body: Any = slow, **options: Any) -> list[str]:
    steps = (
        partial(ctx.step.run, "a", say, "a", **options),
        partial(ctx.step.run, "b", body, "b", timeout=limit("b"), **options),
        partial(ctx.step.run, "c", say, "c", **options),
    )
    return list(ctx.group.parallel(steps))


async def together_async(ctx: durable.Context, body: Any = slow, **options: Any) -> list[str]:
    steps = (
        partial(ctx.step.run, "a", say, "a", **options),
        partial(ctx.step.run, "b", body, "b", timeout=limit("b"), **options),
        partial(ctx.step.run, "c", say, "c", **options),
    )
    return list(await ctx.group.parallel(steps))


def three_ways(sync: Any, asynchronous: Any, body: Any, body_async: Any) -> pytest.MarkDecorator:
    spellings = [
        pytest.param(partial(sync, body=body), id="sync"),
        pytest.param(partial(asynchronous, body=body), id="async"),
        pytest.param(partial(asynchronous, body=body_async), id="async-body"),
    ]
    return pytest.mark.parametrize("handler", spellings)


ALONE = three_ways(alone, alone_async, slow, slow_async)
TOGETHER = three_ways(together, together_async, slow, slow_async)
HANGING = three_ways(
    partial(alone, timeout=SHORT), partial(alone_async, timeout=SHORT), hang, hang_async
)
STRICT = pytest.mark.parametrize("strict", [False, True])
MODE = pytest.mark.parametrize("mode", ParallelMode)


def errors(run: Run) -> list[str]:
    """Return the codes of the failed tries."""
    return [attempt.failure["code"] for attempt in run.attempts.order_by("id")]


@ALONE
@STRICT
def test_a_try_that_takes_too_long_is_tried_again(
    player: Player, handler: Any, strict: bool
) -> None:
    run = player.play(handler, strict=strict)
    assert (run.result, journal) == ("a", ["a", "a"])
    assert errors(run) == ["step_timeout"]


@TOGETHER
@STRICT
@MODE
def test_the_others_of_the_group_do_not_suffer(
    player: Player, handler: Any, strict: bool, mode: ParallelMode
) -> None:
    run = player.play(handler, strict=strict, parallel_mode=mode)
    assert (run.result, sorted(journal)) == (["a", "b", "c"], ["a", "b", "b", "c"])
    assert errors(run) == ["step_timeout"]


@HANGING
@STRICT
def test_the_last_try_says_which_step_and_which_limit(
    player: Player, handler: Any, strict: bool
) -> None:
    run = player.play(handler, strict=strict, retries=1)
    assert (run.status, journal) == ("failed", ["a", "a"])
    assert run.failure is not None
    assert run.failure["code"] == "step_timeout"
    assert run.failure["name"] == "StepTimeoutError"
    assert run.failure["message"] == "Step 'a' took longer than its time-out of 0.05 s."
    assert errors(run) == ["step_timeout", "step_timeout"]


def test_the_stack_says_where_the_body_was(player: Player) -> None:
    run = player.play(partial(alone, body=hang), retries=0)
    assert run.failure is not None
    assert "time.sleep(BOUND)" in run.failure["stack"]


@HANGING
def test_a_step_has_tries_of_its_own(player: Player, handler: Any) -> None:
    run = player.play(partial(handler, retries=2), retries=0)
    assert (run.status, len(journal)) == ("failed", 3)


@sync_and_async(partial(alone, timeout="15s"), partial(alone_async, timeout="15s"))
@pytest.mark.parametrize("body", [say])
def test_a_body_that_ends_in_time_notices_nothing(
    player: Player, handler: Any, body: Callable[[str], str]
) -> None:
    run = player.play(partial(handler, body=body))
    assert (run.result, journal, errors(run)) == ("a", ["a"], [])


def test_the_error_can_be_caught(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> str:
        try:
            return ctx.step.run("a", hang, "a", timeout=SHORT, retries=0)
        except durable.StepError as error:
            return ctx.step.run("instead", say, error.code)

    assert player.play(handler).result == "step_timeout"


def cling(mark: str) -> str:
    """Catch what interrupts, and hang once more."""
    note(mark)
    try:
        time.sleep(BOUND)
    except BaseException:  # noqa: BLE001 - on purpose
        note("caught")
        time.sleep(BOUND)
    return "not interrupted"


@sync_and_async(partial(alone, body=cling), partial(alone_async, body=cling))
def test_a_body_that_goes_on_is_interrupted_again(player: Player, handler: Any) -> None:
    run = player.play(handler, retries=0)
    assert (run.status, journal, errors(run)) == ("failed", ["a", "caught"], ["step_timeout"])


def pretend(mark: str) -> str:
    """Catch what interrupts, and pretend that all is well."""
    try:
        time.sleep(BOUND)
    except BaseException:  # noqa: BLE001 - on purpose
        note("caught")
    return mark


async def pretend_async(mark: str) -> str:
    try:
        await asyncio.sleep(BOUND)
    except BaseException:  # noqa: BLE001 - on purpose
        note("caught")
    return mark


@three_ways(alone, alone_async, pretend, pretend_async)
def test_what_is_returned_too_late_does_not_count(player: Player, handler: Any) -> None:
    run = player.play(handler, retries=0)
    assert (run.status, journal, errors(run)) == ("failed", ["caught"], ["step_timeout"])


def translate(mark: str) -> str:
    try:
        time.sleep(BOUND)
    except BaseException as error:
        raise durable.NonRetriableError("wrapped") from error
    return mark


def test_an_error_that_is_made_of_it_does_not_count_either(player: Player) -> None:
    run = player.play(partial(alone, body=translate), retries=1)
    assert errors(run) == ["step_timeout", "step_timeout"]
    assert "wrapped" in run.attempts.order_by("id")[0].failure["stack"]


def keep_trying(mark: str) -> str:
    """Be a body as they are written: what goes wrong is tried again."""
    give_up = time.monotonic() + BOUND
    while time.monotonic() < give_up:
        try:
            time.sleep(BOUND)
        except Exception:  # noqa: BLE001 - on purpose
            note("caught")
    return mark


def test_a_body_that_catches_all_exceptions_is_interrupted(player: Player) -> None:
    run = player.play(partial(alone, body=keep_trying), retries=0)
    assert (run.status, journal) == ("failed", [])


async def refuse(mark: str) -> str:
    """Do not let itself be cancelled."""
    note(mark)
    give_up = time.monotonic() + BOUND
    while time.monotonic() < give_up:
        try:
            await asyncio.sleep(BOUND / 5)
        except asyncio.CancelledError:
            note("refused")
    return mark


def test_an_async_body_that_refuses_is_left_behind(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("durable.playback.awaited.GRACE", 0.01)

    async def handler(ctx: durable.Context) -> str:
        try:
            await ctx.step.run("a", refuse, "a", timeout=SHORT, retries=0)
        except durable.StepError as error:
            return await ctx.step.run("after", say, error.code)
        return "not cancelled"

    run = player.play(handler)
    assert (run.result, journal) == ("step_timeout", ["a", "refused", "step_timeout"])


def test_a_body_that_exits_is_not_mistaken(player: Player) -> None:
    async def leave(mark: str) -> str:
        raise SystemExit(mark)

    run = player.play(partial(alone_async, body=leave, timeout="15s"), retries=0)
    assert run.failure is not None
    assert run.failure["name"] == "SystemExit"


def orm(body: Callable[[str], str], atomic: bool = False) -> Handler:
    """Return a function with one step that uses the ORM before it hangs."""

    def handler(ctx: durable.ContextSync) -> str:
        return ctx.step.run("a", body, "a", timeout=limit("a", ENOUGH), atomic=atomic)

    return handler


async def write_async(ctx: durable.Context) -> str:
    limit_ = limit("a", ENOUGH)
    return await ctx.step.run("a", write_slowly, "a", timeout=limit_, atomic=True)


def write_slowly(mark: str) -> str:
    Group.objects.create(name=mark)
    return slow(mark)


ATOMIC = sync_and_async(lambda ctx: orm(write_slowly, atomic=True)(ctx), write_async)


@ATOMIC
def test_what_an_atomic_step_wrote_is_rolled_back(player: Player, handler: Any) -> None:
    run = player.play(handler)
    assert (run.result, journal, errors(run)) == ("a", ["a", "a"], ["step_timeout"])
    assert Group.objects.count() == 1


@ATOMIC
@pytest.mark.django_db(transaction=True)
def test_so_it_is_when_the_engine_has_begun_the_transaction(player: Player, handler: Any) -> None:
    run = player.play(handler)
    assert (run.result, journal, errors(run)) == ("a", ["a", "a"], ["step_timeout"])
    assert Group.objects.count() == 1


def test_the_lease_is_renewed_as_long_as_the_body_may_go_on(player: Player) -> None:
    def body(mark: str) -> bool:
        Run.objects.update(due_at=clock.now() - timedelta(hours=1))
        heartbeat.renew()
        return Run.objects.get().due_at > clock.now()  # type: ignore[operator]

    assert player.play(partial(alone, body=body, timeout="15s")).result == "True"


def write(mark: str) -> str:
    Group.objects.create(name=mark)
    return slow(mark) if mark == "b" else mark


@pytest.mark.django_db(transaction=True)
@STRICT
def test_what_atomic_neighbours_wrote_stays(player: Player, strict: bool) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        atomically = partial(ctx.step.run, atomic=True)
        steps = (
            partial(atomically, "a", write, "a"),
            partial(atomically, "b", write, "b", timeout=limit("b", ENOUGH)),
            partial(atomically, "c", write, "c"),
        )
        return list(ctx.group.parallel(steps))

    run = player.play(handler, strict=strict)
    assert (run.result, errors(run)) == (["a", "b", "c"], ["step_timeout"])
    assert sorted(Group.objects.values_list("name", flat=True)) == ["a", "b", "c"]


def in_a_block(mark: str) -> str:
    with transaction.atomic():
        return write_slowly(mark)


def in_two_blocks(mark: str) -> str:
    with transaction.atomic(), transaction.atomic():
        return write_slowly(mark)


def after_begin(mark: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        write_slowly(mark)
        cursor.execute("COMMIT")
    return mark


def after_enter(mark: str) -> str:
    block = transaction.atomic()
    block.__enter__()
    write_slowly(mark)
    block.__exit__(None, None, None)
    return mark


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("body", [in_a_block, in_two_blocks, after_begin, after_enter])
def test_a_transaction_of_the_body_is_rolled_back(
    player: Player, body: Callable[[str], str]
) -> None:
    run = player.play(orm(body))
    assert (run.result, journal, errors(run)) == ("a", ["a", "a"], ["step_timeout"])
    assert Group.objects.count() == 1


def query_slowly(mark: str) -> str:
    note(mark)
    if journal.count(mark) == 1:
        sleep = {"postgresql": "pg_sleep", "mysql": "SLEEP"}[connection.vendor]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {sleep}({BOUND})")
    return mark


def query_slowly_in_a_block(mark: str) -> str:
    with transaction.atomic():
        return query_slowly(mark)


@pytest.mark.postgres
@pytest.mark.mariadb
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("body", [query_slowly, query_slowly_in_a_block])
def test_a_body_may_be_interrupted_within_a_query(
    player: Player, body: Callable[[str], str], atomic: bool
) -> None:
    run = player.play(orm(body, atomic))
    assert (run.result, journal, errors(run)) == ("a", ["a", "a"], ["step_timeout"])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("atomic", [False, True])
@pytest.mark.parametrize("body", [query_slowly, query_slowly_in_a_block])
def test_the_server_is_told_to_stop_the_query(
    player: Player, body: Callable[[str], str], atomic: bool
) -> None:
    player.play(orm(body, atomic))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND state = 'active' AND query LIKE 'SELECT pg_sleep%%' AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("wrong", [0, -1, "a while", True, 1.5, timedelta(0), timedelta(days=367)])
def test_a_wrong_limit_is_named(player: Player, wrong: Any) -> None:
    run = player.play(partial(alone, timeout=wrong))
    assert (run.status, journal) == ("failed", [])
    assert run.failure is not None
    assert "timeout" in run.failure["message"]


@pytest.mark.parametrize("limit", [50, timedelta(milliseconds=50), "50ms"])
def test_a_limit_is_milliseconds_a_timedelta_or_text(player: Player, limit: Any) -> None:
    run = player.play(partial(alone, body=hang, timeout=limit), retries=0)
    assert run.failure is not None
    assert "of 0.05 s" in run.failure["message"]


def test_the_steps_of_a_group_are_all_there(player: Player) -> None:
    run = player.play(partial(together, body=hang), retries=0)
    assert steps_of(run) == {"a": "done", "b": "failed", "c": "done"}
