"""`on_failure`: a function of its own, started when a run of another has failed, and only then."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

import durable
from durable.engine.aftermath import End, conclude
from durable.errors import FunctionConfigInvalidError
from durable.models import Event, Run
from tests.harness import EVENT, Player, journal, note, say, stumble, sync_and_async


def fails(ctx: durable.ContextSync) -> None:
    ctx.step.run("fail", stumble, "fail", 99)


async def afails(ctx: durable.Context) -> None:
    await ctx.step.run("fail", stumble, "fail", 99)


def clean_up(ctx: durable.ContextSync) -> Any:
    note("clean up")
    ctx.step.run("mail", say, "mail")
    return [ctx.event.name, ctx.event.data]


async def aclean_up(ctx: durable.Context) -> Any:
    note("clean up")
    await ctx.step.run("mail", say, "mail")
    return [ctx.event.name, ctx.event.data]


both = pytest.mark.parametrize(
    ("handler", "on_failure"),
    [pytest.param(fails, clean_up, id="sync"), pytest.param(afails, aclean_up, id="async")],
)


def handling() -> list[Run]:
    return list(Run.objects.filter(function="case-failure"))


@both
def test_it_runs_once_and_is_told_what_failed(
    player: Player, handler: Any, on_failure: Any
) -> None:
    run = player.play(handler, {"order": 7}, retries=0, on_failure=on_failure)
    (handled,) = handling()
    name, data = player.settle(handled).result
    assert run.failure is not None
    assert name == "durable/function.failed"
    event = {"name": EVENT, "data": {"order": 7}, "id": str(run.event_id)}
    assert {**data["event"], "ts": 0} == {**event, "ts": 0}
    assert data["events"] == [data["event"]]
    assert data["error"].pop("stack").startswith("Traceback")
    assert {**data, "event": None, "events": None} == {
        "function_id": "case",
        "run_id": str(run.pk),
        "error": {"error": "step_errored", "name": "ValueError", "message": "fail fails, try 1"},
        "event": None,
        "events": None,
        "_durable": {"status": "failed"},
    }
    assert journal.count("clean up") > 0
    assert journal.count("mail") == 1


def test_the_id_of_its_event_is_that_of_the_failed_run(player: Player) -> None:
    run = player.play(fails, retries=0, on_failure=clean_up)
    assert Event.objects.get(name="durable/function.failed").custom_id == str(run.pk)


def test_it_does_not_run_when_the_function_completes(player: Player) -> None:
    player.play(lambda ctx: 1, on_failure=clean_up)
    assert handling() == []
    assert Event.objects.count() == 1


def test_it_does_not_run_while_there_are_tries_left(player: Player) -> None:
    def recovers(ctx: durable.ContextSync) -> str:
        return ctx.step.run("once", stumble, "once")

    assert player.play(recovers, on_failure=clean_up).result == "once"
    assert handling() == []


def test_it_does_not_run_when_the_function_is_cancelled(player: Player) -> None:
    player.define(fails, on_failure=clean_up)
    player.send()
    (claim,) = player.store.runs.claim("canceller")
    write = partial(player.store.runs.finish, claim, "cancelled")
    assert conclude(player.store, End(run=claim, status="cancelled"), write)
    assert handling() == []


def test_it_does_not_run_for_another_function(player: Player) -> None:
    player.define(fails, fn_id="other", trigger=durable.TriggerEvent(event="x"), retries=0)
    player.play(fails, retries=0, on_failure=clean_up)
    player.settle(Run.objects.get(event_id=durable.send(durable.Event(name="x"))[0]))
    assert len(handling()) == 1


def test_it_runs_when_workers_were_lost(player: Player) -> None:
    player.define(lambda ctx: 1, on_failure=clean_up)
    run = player.send()
    Run.objects.filter(pk=run.pk).update(crashes=9, status="running", owner="gone:1:1")
    player.settle(run)
    assert run.failure is not None
    assert run.failure["code"] == "worker_lost"
    assert len(handling()) == 1


def test_it_runs_when_the_result_is_not_json(player: Player) -> None:
    player.play(lambda ctx: object(), on_failure=clean_up)
    assert len(handling()) == 1


def test_it_runs_when_an_invoked_function_fails_and_so_does_the_step(player: Player) -> None:
    player.define(
        fails,
        fn_id="inner",
        trigger=durable.TriggerEvent(event="x"),
        retries=0,
        on_failure=clean_up,
    )
    run = player.play(lambda ctx: ctx.step.invoke_by_id("ask", function_id="inner"))
    assert run.status == "failed"
    assert Run.objects.filter(function="inner-failure").count() == 1


def test_its_own_failure_starts_nothing(player: Player) -> None:
    player.play(fails, retries=0, on_failure=fails)
    (handled,) = handling()
    player.settle(handled)
    assert handled.status == "failed"
    assert Run.objects.count() == 2
    assert handled.attempts.count() == 1


def test_it_is_a_function_like_others(player: Player) -> None:
    function = player.define(fails, on_failure=clean_up, name="The case")
    assert function.on_failure is not None
    assert function.on_failure.id == "case-failure"
    assert function.on_failure.name == "The case (failure)"


async def awaited(ctx: durable.Context) -> None: ...


@pytest.mark.parametrize(
    ("handler", "on_failure", "wanted"),
    [(fails, awaited, "a plain function"), (awaited, fails, "async def")],
)
def test_it_is_async_if_the_function_is(
    player: Player, handler: Any, on_failure: Any, wanted: str
) -> None:
    with pytest.raises(FunctionConfigInvalidError, match=f"'case': on_failure must be {wanted}"):
        player.define(handler, on_failure=on_failure)


def test_what_is_not_a_function_is_refused(player: Player) -> None:
    on_failure: Any = "clean_up"
    with pytest.raises(
        FunctionConfigInvalidError, match="'case': on_failure must be a function, not"
    ):
        player.define(fails, on_failure=on_failure)


def test_two_functions_may_share_a_handler_of_failures(player: Player) -> None:
    player.define(fails, fn_id="other", retries=0, on_failure=clean_up)
    player.define(fails, retries=0, on_failure=clean_up)
    durable.send(durable.Event(name=EVENT))
    player.work()
    ids = Run.objects.values_list("function", flat=True)
    assert sorted(ids) == ["case", "case-failure", "other", "other-failure"]


@sync_and_async(fails, afails)
def test_a_failed_run_has_a_handler_only_if_it_was_given_one(player: Player, handler: Any) -> None:
    player.play(handler, retries=0)
    assert Run.objects.count() == 1
