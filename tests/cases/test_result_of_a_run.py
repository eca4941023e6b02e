"""`durable.get_run` and `durable.result`: how a run stands, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction

import durable
from durable.errors import WaitInTransactionError
from tests.harness import Player, say

HOUR = timedelta(hours=1)


def fails(ctx: durable.ContextSync) -> None:
    raise durable.NonRetriableError("no stock")


def naps(ctx: durable.ContextSync) -> str:
    ctx.step.sleep("nap", HOUR)
    return "awake"


@pytest.fixture
def working(player: Player, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Have all runs end while somebody sleeps, and remember how long that was to be."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            player.work()
            player.jump()
            player.work()

    monkeypatch.setattr("durable.verbs.time.sleep", sleep)
    yield slept


def test_a_run_is_described(player: Player) -> None:
    run = player.play(lambda ctx: ["made"])
    seen = durable.get_run(str(run.pk))
    assert isinstance(seen, durable.RunInfo)
    assert (seen.id, seen.function, seen.status) == (str(run.pk), "case", "completed")
    assert (seen.event_id, seen.result, seen.error) == (str(run.event_id), ["made"], None)
    assert (seen.created, seen.started, seen.ended) == (run.created, run.started, run.ended)
    assert (seen.reason, seen.replay_of) == ("", None)


def test_a_failed_run_shows_its_error(player: Player) -> None:
    run = player.play(fails)
    error = durable.get_run(run.pk).error
    assert error is not None
    assert (error["code"], error["name"]) == ("non_retriable_error", "NonRetriableError")


def test_a_large_result_is_shown_whole(player: Player) -> None:
    run = player.play(lambda ctx: "ü" * 5000)
    assert durable.get_run(run.pk).result == "ü" * 5000


def test_a_description_does_not_change(player: Player) -> None:
    seen = durable.get_run(player.play(lambda ctx: None).pk)
    with pytest.raises(AttributeError):
        seen.status = "failed"  # type: ignore[misc]


@pytest.mark.parametrize("ask", [durable.get_run, durable.result])
def test_a_run_that_does_not_exist_is_named(ask: Any) -> None:
    with pytest.raises(durable.RunNotFoundError, match="There is no run 'nonsense'"):
        ask("nonsense")


def test_a_result_is_returned_at_once(player: Player) -> None:
    run = player.play(lambda ctx: {"sum": 3})
    assert durable.result(run.pk) == {"sum": 3}


def test_a_result_of_none_is_a_result(player: Player) -> None:
    assert durable.result(player.play(lambda ctx: None).pk, timeout=0) is None


def test_a_failure_is_raised(player: Player) -> None:
    run = player.play(fails)
    with pytest.raises(durable.RunFailedError) as raised:
        durable.result(run.pk)
    error = raised.value
    assert (error.name, error.message, error.code) == (
        "NonRetriableError",
        "no stock",
        "run_failed",
    )
    assert "fails" in (error.stack or "")
    assert str(error) == f"Run {run.pk} of 'case' failed with NonRetriableError: no stock"


def test_a_cancelled_run_has_no_result(player: Player) -> None:
    player.define(naps)
    run = player.send()
    durable.cancel(run.pk)
    with pytest.raises(durable.RunCancelledError, match=r"It was cancelled by durable\.cancel"):
        durable.result(run.pk)


@pytest.mark.django_db(transaction=True)
def test_it_is_waited_for(player: Player, working: list[float]) -> None:
    player.define(naps)
    assert durable.result(player.send().pk) == "awake"
    assert len(working) == 3
    assert working == sorted(working)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("timeout", [0, 0.0, timedelta()])
def test_no_longer_than_was_said(
    player: Player, working: list[float], timeout: float | timedelta
) -> None:
    player.define(naps)
    run = player.send()
    with pytest.raises(TimeoutError, match=f"Run {run.pk} did not end in time"):
        durable.result(run.pk, timeout=timeout)
    assert working == []


@pytest.mark.django_db(transaction=True)
def test_no_pause_is_longer_than_what_is_left(player: Player, working: list[float]) -> None:
    player.define(naps)
    run = player.send()
    with suppress(TimeoutError):
        durable.result(run.pk, timeout=0.005)
    assert max(working) <= 0.005


def test_nobody_waits_inside_a_transaction(player: Player) -> None:
    player.define(naps)
    run = player.send()
    with (
        transaction.atomic(),
        pytest.raises(WaitInTransactionError, match="Wait for the result after the block"),
    ):
        durable.result(run.pk)


@pytest.mark.django_db(transaction=True)
def test_async_code_waits_without_blocking_its_loop(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    player.define(lambda ctx: ctx.step.run("a", say, "a"))
    run = player.send()

    async def work(seconds: float) -> None:
        await sync_to_async(player.work)()

    monkeypatch.setattr("durable.verbs.asyncio.sleep", work)
    assert asyncio.run(durable.aresult(run.pk, timeout=5)) == "a"


@pytest.mark.django_db(transaction=True)
def test_a_run_is_looked_at_from_async_code(player: Player) -> None:
    run = player.play(lambda ctx: 1)
    assert asyncio.run(durable.aget_run(run.pk)).result == 1
