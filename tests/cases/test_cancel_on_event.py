"""`cancel=`: events that cancel the runs of a function."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import ModuleType
from typing import Any

import pytest

import durable
from durable.engine.deliver import deliver
from durable.models import Run, Wait
from tests.harness import Player, journal, say, steps_of, sync_and_async

HOUR = timedelta(hours=1)


def nap(ctx: durable.ContextSync) -> str:
    ctx.step.run("before", say, "before")
    ctx.step.sleep("nap", 5 * HOUR)
    return ctx.step.run("after", say, "after")


async def anap(ctx: durable.Context) -> str:
    await ctx.step.run("before", say, "before")
    await ctx.step.sleep("nap", 5 * HOUR)
    return await ctx.step.run("after", say, "after")


BOTH = sync_and_async(nap, anap)


def begun(player: Player, handler: Any, *cancels: durable.Cancel, **data: Any) -> Run:
    player.define(handler, cancel=list(cancels))
    run = player.send(data)
    player.work()
    return run


def leave(**data: Any) -> None:
    durable.send(durable.Event(name="user/left", data=data))


@BOTH
def test_the_event_cancels_the_run(player: Player, handler: Any) -> None:
    run = begun(player, handler, durable.Cancel(event="user/left"))
    leave()
    player.settle(run)
    assert (run.status, journal) == ("cancelled", ["before"])
    assert steps_of(run) == {"before": "done", "nap": "cancelled"}
    assert run.reason.startswith("The event user/left")
    assert not Wait.objects.exists()


@BOTH
def test_an_event_in_time_cancels_a_run_whose_sleep_has_ended_since_then_with_nobody_there(
    player: Player, handler: Any, clock: ModuleType
) -> None:
    run = begun(player, handler, durable.Cancel(event="user/left", timeout=4 * HOUR))
    leave()
    clock.travel(6 * HOUR)
    player.settle(run)
    assert (run.status, journal) == ("cancelled", ["before"])


def test_a_run_that_has_not_begun_is_cancelled(player: Player) -> None:
    player.define(nap, cancel=[durable.Cancel(event="user/left")])
    run = player.send()
    leave()
    deliver(player.store)
    assert (player.settle(run).status, journal) == ("cancelled", [])


def test_an_event_that_was_there_before_the_run_does_not_count(player: Player) -> None:
    leave()
    player.work()
    run = begun(player, nap, durable.Cancel(event="user/left"))
    assert player.settle(run).status == "completed"


@pytest.mark.parametrize(("user", "status"), [(7, "cancelled"), (8, "completed")])
def test_a_condition_chooses_the_run(player: Player, user: int, status: str) -> None:
    same = durable.Cancel(event="user/left", if_exp="async.data.user == event.data.user")
    run = begun(player, nap, same, user=7)
    leave(user=user)
    assert player.settle(run).status == status


def test_each_of_several_events_cancels(player: Player) -> None:
    cancels = durable.Cancel(event="user/left"), durable.Cancel(event="user/died")
    run = begun(player, nap, *cancels)
    durable.send(durable.Event(name="user/died"))
    assert player.settle(run).status == "cancelled"


@pytest.mark.parametrize(("hours", "status"), [(1, "cancelled"), (3, "completed")])
def test_after_its_time_the_event_cancels_no_more(
    player: Player, clock: ModuleType, hours: int, status: str
) -> None:
    run = begun(player, nap, durable.Cancel(event="user/left", timeout=2 * HOUR))
    clock.travel(hours * HOUR)
    leave()
    assert player.settle(run).status == status


def test_only_the_functions_that_say_so_are_cancelled(player: Player) -> None:
    player.define(nap, fn_id="other")
    player.define(nap, cancel=[durable.Cancel(event="user/left")])
    (event,) = durable.send(durable.Event(name="case/started"))
    player.work()
    leave()
    runs = {run.function: run for run in Run.objects.filter(event_id=event)}
    assert player.settle(runs["other"]).status == "completed"
    assert player.settle(runs["case"]).status == "cancelled"


def test_a_run_that_has_ended_waits_for_nothing(player: Player) -> None:
    run = begun(player, nap, durable.Cancel(event="user/left"))
    player.settle(run)
    assert run.status == "completed"
    assert not Wait.objects.exists()
    leave()
    player.work()
    run.refresh_from_db()
    assert run.status == "completed"


def test_the_run_that_invoked_it_is_told(player: Player) -> None:
    player.define(
        nap,
        fn_id="child",
        trigger=durable.TriggerEvent(event="never"),
        cancel=[durable.Cancel(event="user/left")],
    )

    def parent(ctx: durable.ContextSync) -> str:
        try:
            ctx.step.invoke_by_id("call", function_id="child")
        except durable.StepError as error:
            return error.name
        return "it went well"

    player.define(parent)
    run = player.send()
    player.work()
    leave()
    assert player.settle(run).result == "FunctionCancelledError"


def test_a_condition_without_its_value_in_the_first_event_never_holds(player: Player) -> None:
    same = durable.Cancel(event="user/left", if_exp="async.data.user == event.data.user")
    run = begun(player, nap, same)
    leave(user=7)
    assert player.settle(run).status == "completed"


@pytest.mark.parametrize("wrong", [["user/left"], [5], [durable.Cancel(event="a")] * 6])
def test_wrong_arguments_are_named(wrong: Any) -> None:
    with pytest.raises(durable.DurableError, match="cancel"):
        partial(durable.create_function, fn_id="x", trigger=durable.TriggerEvent(event="a"))(
            cancel=wrong
        )(nap)


def test_a_run_that_is_retried_can_be_cancelled_again(player: Player) -> None:
    run = begun(player, nap, durable.Cancel(event="user/left"))
    leave()
    player.settle(run)
    durable.retry(run.pk)
    player.work()
    assert Wait.objects.filter(run=run, step=None).count() == 1
    leave()
    assert player.settle(run).status == "cancelled"


def test_a_run_that_is_replayed_can_be_cancelled(player: Player) -> None:
    first = player.settle(begun(player, nap, durable.Cancel(event="user/left")))
    assert first.status == "completed"
    again = Run.objects.get(pk=durable.replay(first.pk))
    player.work()
    leave()
    assert player.settle(again).status == "cancelled"
