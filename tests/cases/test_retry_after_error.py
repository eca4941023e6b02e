"""RetryAfterError says when to try again: milliseconds, a timedelta, or a datetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

import durable
from tests.harness import Handler, Player, journal, note, sync_and_async

Moment = int | timedelta | datetime


def busy(after: Moment) -> str:
    note("asked")
    if journal.count("asked") == 1:
        raise durable.RetryAfterError("busy", after)
    return "served"


AFTER: list[Moment] = []


def in_a_step(ctx: durable.ContextSync) -> str:
    return ctx.step.run("ask", busy, AFTER[0])


async def in_an_async_function(ctx: durable.Context) -> str:
    return await ctx.step.run("ask", busy, AFTER[0])


def in_a_group(ctx: durable.ContextSync) -> str:
    return ctx.group.parallel((lambda: ctx.step.run("ask", busy, AFTER[0]),))[0]


def in_the_code(ctx: durable.ContextSync) -> str:
    return busy(AFTER[0])


def always_busy(ctx: durable.ContextSync) -> str:
    note("asked")
    raise durable.RetryAfterError("busy", 1000)


def wait_of(player: Player, handler: Handler, after: Moment) -> float:
    AFTER[:] = [after]
    player.define(handler)
    run = player.send()
    player.work()
    wait = player.store.due(1).next_in
    assert wait is not None
    assert player.settle(run).result == "served"
    return wait


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(90_000, id="int"),
        pytest.param(timedelta(seconds=90), id="timedelta"),
        pytest.param(None, id="datetime"),
    ],
)
@pytest.mark.parametrize("handler", [in_a_step, in_an_async_function, in_a_group, in_the_code])
def test_the_next_try_comes_then(player: Player, handler: Handler, after: Moment | None) -> None:
    in_a_while = after or datetime.now(UTC) + timedelta(seconds=90)
    assert wait_of(player, handler, in_a_while) == pytest.approx(90, abs=30)


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        (1, 1),
        (timedelta(days=-1), 1),
        (datetime(1990, 1, 1, tzinfo=UTC), 1),
        (timedelta(days=400), 24 * 3600),
    ],
)
def test_it_is_kept_between_a_second_and_a_day(
    player: Player, after: Moment, seconds: float
) -> None:
    assert wait_of(player, in_a_step, after) == pytest.approx(seconds, abs=0.9)


def test_a_later_one_counts_from_its_own_time(player: Player) -> None:
    """The clocks have been moved by a first wait when the second is raised."""

    def twice_busy(ctx: durable.ContextSync) -> None:
        raise durable.RetryAfterError("busy", timedelta(hours=2))

    player.define(twice_busy)
    player.send()
    player.work()
    player.jump()
    player.work()
    assert player.store.due(1).next_in == pytest.approx(7200, abs=30)


@sync_and_async(always_busy, always_busy)
def test_it_does_not_give_more_tries(player: Player, handler: Handler) -> None:
    run = player.play(handler, retries=2)
    assert run.failure is not None
    assert run.failure["code"] == "retry_after_error"
    assert journal == ["asked"] * 3
