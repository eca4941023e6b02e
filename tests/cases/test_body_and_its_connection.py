"""What a step's body does to the database connection harms neither the run nor the runs after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, connections, transaction

import durable
from durable import ParallelMode
from durable.models import Event, Run
from tests.harness import Handler, Player, astumble, journal, say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sound_connection() -> Iterator[None]:
    """Do not let a transaction that was left open reach the next test."""
    yield
    connection.in_atomic_block = False
    connection.savepoint_ids.clear()
    connection.close()


def hang_up() -> str:
    connections.close_all()
    return "done"


def break_a_rule() -> None:
    Group.objects.create(name="twice")
    Group.objects.create(name="twice")


def enter_atomic() -> None:
    transaction.atomic().__enter__()
    Group.objects.create(name="not committed")


def enter_atomic_twice() -> None:
    transaction.atomic().__enter__()
    transaction.atomic(savepoint=False).__enter__()
    Group.objects.create(name="not committed")


def hang_up_within() -> None:
    transaction.atomic().__enter__()
    connection.close()


def begin() -> None:
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
    Group.objects.create(name="not committed")


def turn_autocommit_off() -> None:
    transaction.set_autocommit(False)
    Group.objects.create(name="not committed")


def in_a_step(leave_open: Callable[[], None]) -> Handler:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.step.run("leave open", leave_open)
        ctx.step.run("after", say, "after")

    return handler


def in_an_async_function(leave_open: Callable[[], None]) -> Handler:
    async def handler(ctx: durable.Context) -> None:
        await ctx.step.run("leave open", leave_open)
        await ctx.step.run("after", say, "after")

    return handler


def in_a_branch(leave_open: Callable[[], None]) -> Handler:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.group.parallel((lambda: ctx.step.run("leave open", leave_open),))
        ctx.step.run("after", say, "after")

    return handler


def between_steps(leave_open: Callable[[], None]) -> Handler:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.step.run("before", say, "before")
        leave_open()
        ctx.step.run("after", say, "after")

    return handler


def at_the_end(leave_open: Callable[[], None]) -> Handler:
    def handler(ctx: durable.ContextSync) -> None:
        ctx.step.run("before", say, "before")
        leave_open()

    return handler


def other(ctx: durable.ContextSync) -> str:
    return ctx.step.run("step", say, "step")


def seen_from_elsewhere() -> list[tuple[str, str]]:
    """Return functions and statuses of runs as another connection sees them."""
    found: list[tuple[str, str]] = []

    def look() -> None:
        found.extend(Run.objects.order_by("id").values_list("function", "status"))
        connections.close_all()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found


def test_a_body_may_close_the_connection(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        return [ctx.step.run("hang up", hang_up), ctx.step.run("after", say, "after")]

    assert player.play(handler).result == ["done", "after"]


def test_an_error_of_the_database_is_the_bodys(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> str:
        try:
            ctx.step.run("break a rule", break_a_rule)
        except durable.StepError as error:
            return error.name
        return ""

    run = player.play(handler, retries=0)
    assert run.result == IntegrityError.__name__


@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize(
    "place", [in_a_step, in_an_async_function, in_a_branch, between_steps, at_the_end]
)
@pytest.mark.parametrize(
    "leave_open", [enter_atomic, enter_atomic_twice, hang_up_within, begin, turn_autocommit_off]
)
def test_a_transaction_left_open_fails_that_run_alone(
    player: Player,
    place: Callable[[Callable[[], None]], Handler],
    leave_open: Callable[[], None],
    mode: ParallelMode,
) -> None:
    opened = durable.TriggerEvent(event="case/leaves")
    player.define(place(leave_open), fn_id="leaves", trigger=opened, parallel_mode=mode)
    player.define(other, fn_id="other", trigger=durable.TriggerEvent(event="case/other"))
    leaving = player.settle(player.send(name="case/leaves"))
    player.settle(player.send(name="case/other"))
    assert leaving.failure is not None
    assert leaving.failure["code"] == "step_misused"
    assert "after" not in journal
    assert seen_from_elsewhere() == [("leaves", "failed"), ("other", "completed")]


@pytest.mark.parametrize("leave_open", [enter_atomic, begin, turn_autocommit_off])
def test_what_was_not_committed_is_rolled_back(
    player: Player, leave_open: Callable[[], None]
) -> None:
    player.play(in_a_step(leave_open))
    assert not connection.in_atomic_block
    assert not Group.objects.filter(name="not committed").exists()


def test_the_transaction_around_the_worker_goes_on(player: Player) -> None:
    with transaction.atomic():
        Group.objects.create(name="around")
        run = player.play(in_a_step(enter_atomic))
        assert len(connection.atomic_blocks) == 1
    assert run.status == "failed"
    assert list(Group.objects.values_list("name", flat=True)) == ["around"]


@pytest.mark.postgres  # SQLite knows one writer only: the open transaction bars the engine's way
@pytest.mark.mariadb
def test_the_thread_of_async_orm_calls_is_put_back_too(player: Player) -> None:
    async def handler(ctx: durable.Context) -> bool:
        async def body() -> None:
            await sync_to_async(enter_atomic)()

        await ctx.step.run("leave open", body)
        await ctx.step.run("stumble", astumble, "stumble")
        return await Group.objects.filter(name="not committed").aexists()

    assert player.play(handler).result is False


def test_a_body_may_send_events(player: Player) -> None:
    def handler(ctx: durable.ContextSync) -> list[str]:
        return ctx.step.run("send", durable.send, durable.Event(name="case/sent"))

    run = player.play(handler)
    assert run.result == [str(Event.objects.get(name="case/sent").pk)]


def test_an_async_body_may_send_events(player: Player) -> None:
    async def handler(ctx: durable.Context) -> list[str]:
        async def body() -> list[str]:
            ids = await durable.asend(durable.Event(name="case/sent"))
            await sync_to_async(connections.close_all)()
            return ids

        return await ctx.step.run("send", body)

    run = player.play(handler)
    assert run.result == [str(Event.objects.get(name="case/sent").pk)]
