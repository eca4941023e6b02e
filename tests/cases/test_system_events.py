"""`durable/function.*`: events that durable sends of itself, to the functions that listen to them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

import durable
from durable.engine.aftermath import End, conclude
from durable.engine.finish import complete
from durable.models import Event, Run
from tests.harness import Player

NEVER = durable.TriggerEvent(event="case/never")


def listen(player: Player, name: str, handler: Any = lambda ctx: ctx.event.data) -> None:
    player.define(handler, fn_id="listener", trigger=durable.TriggerEvent(event=name))


def heard(player: Player) -> list[Any]:
    player.work()
    runs = Run.objects.filter(function="listener").order_by("pk")
    return [run.result for run in runs]


def fail(ctx: durable.ContextSync) -> None:
    raise durable.NonRetriableError("no")


def test_a_function_hears_of_a_run_that_completed(player: Player) -> None:
    listen(player, "durable/function.finished")
    run = player.play(lambda ctx: {"sum": 3}, {"order": 7})
    (data,) = heard(player)
    assert data["function_id"] == "case"
    assert data["run_id"] == str(run.pk)
    assert data["result"] == {"sum": 3}
    assert "error" not in data
    assert data["event"]["data"] == {"order": 7}
    assert data["events"] == [data["event"]]
    assert data["_durable"] == {"status": "completed"}


def test_a_function_hears_of_a_run_that_failed(player: Player) -> None:
    listen(player, "durable/function.finished")
    player.play(fail)
    (data,) = heard(player)
    assert data["error"]["message"] == "no"
    assert "result" not in data


@pytest.mark.parametrize(("handler", "count"), [(fail, 1), (lambda ctx: 1, 0)])
def test_failed_is_said_of_runs_that_failed(player: Player, handler: Any, count: int) -> None:
    listen(player, "durable/function.failed")
    player.play(handler)
    assert len(heard(player)) == count


def test_cancelled_is_said_of_runs_that_were_cancelled(player: Player) -> None:
    listen(player, "durable/function.cancelled")
    player.define(fail)
    player.send()
    (claim,) = player.store.runs.claim("canceller")
    write = partial(player.store.runs.finish, claim, "cancelled")
    assert conclude(player.store, End(run=claim, status="cancelled"), write)
    (data,) = heard(player)
    assert data["error"]["name"] == "FunctionCancelledError"


def test_a_wildcard_hears_each_of_them(player: Player) -> None:
    listen(player, "durable/function.*", lambda ctx: ctx.event.name)
    player.play(fail)
    assert sorted(heard(player)) == ["durable/function.failed", "durable/function.finished"]


def test_a_bare_wildcard_hears_what_users_send(player: Player) -> None:
    listen(player, "*", lambda ctx: ctx.event.name)
    player.settle(player.send())
    assert heard(player) == ["case/started"]


def test_the_end_of_a_listener_is_not_announced(player: Player) -> None:
    listen(player, "durable/function.finished", fail)
    player.play(fail)
    assert heard(player) == [None]
    assert Run.objects.count() == 2


def test_nothing_is_stored_when_nobody_listens(player: Player) -> None:
    player.play(lambda ctx: 1)
    assert Event.objects.count() == 1


def test_the_end_of_a_run_that_nobody_hears_of_is_one_statement(player: Player) -> None:
    player.define(lambda ctx: 1)
    run = player.send()
    (claim,) = player.store.runs.claim(player.owner)
    with CaptureQueriesContext(connection) as said:
        complete(player.store, claim, 1, close_steps=False)
    run.refresh_from_db()
    assert run.result == 1
    assert len(said) == 1


def test_the_end_of_an_invoked_function_is_announced(player: Player) -> None:
    listen(player, "durable/function.finished", lambda ctx: ctx.event.data["function_id"])
    player.define(lambda ctx: 1, fn_id="inner", trigger=NEVER)
    player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id="inner"))
    assert heard(player) == ["inner", "case"]


def test_a_function_hears_of_an_invocation(player: Player) -> None:
    listen(player, "durable/function.invoked")
    player.define(lambda ctx: 1, fn_id="inner", trigger=NEVER)
    run = player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id="inner", data={"n": 1}))
    (data,) = heard(player)
    assert data["n"] == 1
    assert data["_durable"]["fn_id"] == "inner"
    assert data["_durable"]["source"]["run_id"] == str(run.pk)
    assert Run.objects.count() == 3


def test_an_invocation_by_a_listener_is_not_announced(player: Player) -> None:
    def ask(ctx: durable.ContextSync) -> Any:
        return ctx.step.invoke_by_id("ask", function_id="inner")

    listen(player, "durable/function.invoked", ask)
    player.define(lambda ctx: 1, fn_id="inner", trigger=NEVER)
    player.play(ask)
    assert heard(player) == [1]
    assert Run.objects.count() == 4


def test_an_invoked_listener_runs_once_for_its_invocation(player: Player) -> None:
    listen(player, "durable/function.invoked", lambda ctx: "here")
    run = player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id="listener"))
    assert run.result == "here"
    assert Run.objects.filter(function="listener").count() == 1


def test_a_large_event_and_a_large_result_can_be_told_of(player: Player, settings: Any) -> None:
    settings.DURABLE = {"MAX_EVENT_BYTES": 5000, "MAX_DEPTH": 4}
    listen(player, "durable/function.finished", lambda ctx: len(ctx.event.data["result"][0][0][0]))
    player.play(lambda ctx: [[["x" * 5000]]], {"text": "x" * 4900, "deep": [[1]]})
    assert heard(player) == [5000]


@pytest.mark.parametrize("name", ["durable/function.failed", "inngest/function.failed"])
def test_nobody_else_may_send_them(name: str) -> None:
    with pytest.raises(durable.EventInvalidError, match="reserved"):
        durable.send(durable.Event(name=name))
