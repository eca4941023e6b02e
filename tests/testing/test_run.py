"""Running a function, and moving time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

import durable
from durable import clock
from durable.errors import FunctionNotFoundError
from durable.models import Run
from durable.testing import Workflows
from durable.testing import workflows as kit
from tests.harness import asay, journal, say, stumble, sync_and_async
from tests.testing import functions
from tests.testing.functions import EVENT, define


@sync_and_async(functions.one, functions.one_async)
@pytest.mark.parametrize("strict", [False, True])
def test_a_function_is_run_to_its_end(workflows: Workflows, handler: Any, strict: bool) -> None:
    run = workflows.run(define(handler, strict=strict), {"order": 7})
    assert (run.status, run.result, journal) == ("completed", "charged", ["charged"])
    assert run.event is not None
    assert (run.event.name, run.event.data) == (EVENT, {"order": 7})


@pytest.mark.parametrize("name", functions.GROUPS)
@pytest.mark.parametrize("strict", [False, True])
def test_a_group_is_run_to_its_end(workflows: Workflows, name: str, strict: bool) -> None:
    run = workflows.run(define(functions.GROUPS[name], strict=strict))
    assert run.result == ["label", "invoice", "mail"]
    assert sorted(journal) == ["invoice", "label", "mail"]


def test_threads_of_a_function_do_not_leave_the_tests_transaction(workflows: Workflows) -> None:
    run = workflows.run(define(functions.GROUPS["sync, wait"], threads=4))
    assert (run.result, journal) == (["label", "invoice", "mail"], ["label", "invoice", "mail"])


def test_a_function_is_found_by_its_id(workflows: Workflows) -> None:
    define(functions.one)
    assert workflows.run("order").result == "charged"


def test_an_unknown_id_is_refused(workflows: Workflows) -> None:
    with pytest.raises(FunctionNotFoundError, match="'ordre'"):
        workflows.run("ordre")


def test_data_start_that_function_and_no_other(workflows: Workflows) -> None:
    define(functions.one, "other")
    workflows.run(define(functions.one), {})
    assert [run.function for run in Run.objects.all()] == ["order"]


def test_an_event_starts_all_that_listen(workflows: Workflows) -> None:
    define(functions.one, "other")
    run = workflows.run(define(functions.one), durable.Event(name=EVENT, data={"order": 7}))
    assert (run.function, run.result) == ("order", "charged")
    workflows.settle()
    (other,) = workflows.assert_run_started("other", {"order": 7}, times=1)
    assert other.result == "charged"


def test_an_event_that_does_not_start_the_function_is_named(workflows: Workflows) -> None:
    define(functions.one)
    with pytest.raises(AssertionError, match=r"'shop/x' with {} started no 'order'"):
        workflows.run("order", durable.Event(name="shop/x"))


def test_a_function_on_any_event_of_a_kind_gets_one(workflows: Workflows) -> None:
    run = workflows.run(define(functions.one, trigger=durable.TriggerEvent(event="shop/*")))
    assert run.event is not None
    assert run.event.name == "shop/test"


def test_a_function_on_a_schedule_gets_the_event_of_schedules(workflows: Workflows) -> None:
    run = workflows.run(define(functions.one, trigger=durable.TriggerCron(cron="0 3 * * *")))
    assert run.event is not None
    assert (run.event.name, run.result) == ("durable/scheduled.timer", "charged")


NIGHTLY = durable.TriggerCron(cron="TZ=Europe/Berlin 30 1 * * *")
MORNING = "2027-01-02T09:00:00Z"


def told(ctx: durable.ContextSync) -> dict[str, Any]:
    return dict(ctx.event.data)


def test_a_function_on_a_schedule_is_told_the_last_time_of_its_line(workflows: Workflows) -> None:
    with time_machine.travel(MORNING, tick=False):
        run = workflows.run(define(told, trigger=NIGHTLY))
    assert run.result == {
        "cron": "TZ=Europe/Berlin 30 1 * * *",
        "scheduledAt": "2027-01-02T00:30:00.000Z",
        "fireAt": "2027-01-02T00:30:00.000Z",
    }


def test_the_time_of_a_schedule_is_by_the_clock_of_the_kit(workflows: Workflows) -> None:
    function = define(told, trigger=durable.TriggerCron(cron="@yearly"))
    before = workflows.run(function).result["scheduledAt"]
    workflows.travel("366d")
    assert workflows.run(function).result["scheduledAt"] > before


def test_data_that_are_given_stand_before_those_of_the_schedule(workflows: Workflows) -> None:
    with time_machine.travel(MORNING, tick=False):
        run = workflows.run(define(told, trigger=NIGHTLY), {"scheduledAt": "today"})
    assert (run.result["scheduledAt"], run.result["fireAt"]) == (
        "today",
        "2027-01-02T00:30:00.000Z",
    )


def test_the_first_trigger_says_which_event_comes(workflows: Workflows) -> None:
    both = [durable.TriggerEvent(event=EVENT), NIGHTLY]
    assert workflows.run(define(told, trigger=both)).result == {}
    run = workflows.run(define(told, "nightly", trigger=both[::-1]))
    assert run.event is not None
    assert run.event.name == "durable/scheduled.timer"


def test_schedules_start_nothing(workflows: Workflows) -> None:
    define(functions.one, trigger=durable.TriggerCron(cron="* * * * *"))
    workflows.settle(through="1h")
    assert not Run.objects.exists()


@sync_and_async(functions.pause, functions.pause_async)
def test_a_run_that_sleeps_rests(workflows: Workflows, handler: Any) -> None:
    run = workflows.run(define(handler))
    assert (run.status, journal) == ("waiting", ["charged"])


@sync_and_async(functions.pause, functions.pause_async)
@pytest.mark.parametrize("span", ["3d", timedelta(days=3), 3 * 86_400_000])
def test_time_moves_to_the_end_of_a_sleep(workflows: Workflows, handler: Any, span: Any) -> None:
    run = workflows.run(define(handler))
    workflows.settle(through="2d")
    assert workflows.get(run).status == "waiting"
    workflows.settle(through=span)
    assert workflows.get(run).result == "shipped"


def test_run_goes_on_through_a_time(workflows: Workflows) -> None:
    assert workflows.run(define(functions.pause), through="4d").result == "shipped"


def test_run_stops_the_clocks_where_the_run_has_ended(workflows: Workflows) -> None:
    begun = clock.now()
    workflows.run(define(functions.pause), through="30d")
    assert timedelta(days=3) <= clock.now() - begun < timedelta(days=3, minutes=1)


def test_settle_leaves_the_clocks_at_the_end(workflows: Workflows) -> None:
    begun = clock.now()
    workflows.settle(through="30d")
    assert timedelta(days=30) <= clock.now() - begun < timedelta(days=30, minutes=1)


def test_travel_does_nothing_by_itself(workflows: Workflows) -> None:
    run = workflows.run(define(functions.pause))
    workflows.travel("4d")
    assert (workflows.get(run).status, journal) == ("waiting", ["charged"])
    workflows.settle()
    assert workflows.get(run).result == "shipped"


@sync_and_async(functions.approval, functions.approval_async)
def test_an_event_ends_a_wait(workflows: Workflows, handler: Any) -> None:
    run = workflows.run(define(handler))
    durable.send(durable.Event(name="shop/order.approved", data={"by": "ada"}))
    workflows.settle()
    assert workflows.get(run).result == "ada"


@sync_and_async(functions.approval, functions.approval_async)
def test_a_wait_times_out(workflows: Workflows, handler: Any) -> None:
    assert workflows.run(define(handler), through="6d").result == "timed out"


def retried(ctx: durable.ContextSync) -> str:
    return ctx.step.run("charge", stumble, "charged", 2)


def test_a_failed_try_is_recorded_and_the_run_rests(workflows: Workflows) -> None:
    run = workflows.run(define(retried))
    assert (run.is_final, journal) == (False, ["charged"])


def test_retries_come_with_the_time(workflows: Workflows) -> None:
    run = workflows.run(define(retried), through="1h")
    assert (run.result, len(journal)) == ("charged", 3)


def test_a_failed_run_is_no_error(workflows: Workflows) -> None:
    run = workflows.run(define(retried, retries=0))
    assert run.status == "failed"
    assert run.failure is not None
    assert (run.failure["name"], run.result) == ("ValueError", None)


def test_a_failed_run_is_raised_when_asked(workflows: Workflows) -> None:
    define(retried, retries=0)
    with pytest.raises(AssertionError) as caught:
        workflows.run("order", raise_failure=True)
    said = str(caught.value)
    assert "'order' is failed: ValueError: charged fails, try 1" in said
    assert 'raise ValueError(f"{mark} fails' in said


def test_a_run_that_has_not_failed_is_not_raised(workflows: Workflows) -> None:
    assert workflows.run(define(functions.one), raise_failure=True).status == "completed"


def ping(ctx: durable.ContextSync) -> None:
    ctx.step.send_event("again", durable.Event(name=EVENT))


def test_work_without_an_end_is_an_error(
    workflows: Workflows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "MOST", 50)
    workflows.run(define(ping))
    with pytest.raises(AssertionError, match="still work to do after 50 pieces"):
        workflows.settle()


def test_time_without_an_end_is_an_error(
    workflows: Workflows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit, "MOST", 50)

    def for_ever(ctx: durable.ContextSync) -> None:
        for number in range(1000):
            ctx.step.sleep(f"sleep-{number}", "1s")

    with pytest.raises(AssertionError, match="after 50 moves of the clocks"):
        workflows.run(define(for_ever), through="1h")


def test_the_clocks_are_put_back(db: None) -> None:
    before = clock.now()
    with Workflows() as workflows:
        workflows.travel("30d")
    assert clock.now() - before < timedelta(minutes=1)


def chain(ctx: durable.ContextSync) -> list[str]:
    return [ctx.step.run(name, partial(say, name)) for name in ("a", "b")]


async def chain_async(ctx: durable.Context) -> list[str]:
    return [await ctx.step.run(name, partial(asay, name)) for name in ("a", "b")]


@sync_and_async(chain, chain_async)
def test_steps_are_listed_in_order(workflows: Workflows, handler: Any) -> None:
    run = workflows.run(define(handler))
    assert [(s.id, s.kind, s.status, s.tries, s.result) for s in run.steps] == [
        ("a", "run", "done", 1, "a"),
        ("b", "run", "done", 1, "b"),
    ]


def test_what_is_sent_is_due_at_once_wherever_the_clocks_are(workflows: Workflows) -> None:
    define(functions.approval)
    for _ in range(20):
        workflows.travel(timedelta(days=1, microseconds=123_456))
        run = workflows.run("order")
        durable.send(durable.Event(name="shop/order.approved", data={"by": "ada"}))
        workflows.settle()
        assert workflows.get(run).result == "ada"


@sync_and_async(functions.pause, functions.pause_async)
def test_a_run_started_with_data_is_cancelled_by_events_too(
    workflows: Workflows, handler: Any
) -> None:
    cancel = durable.Cancel(event="shop/closed", if_exp="async.data.shop == event.data.shop")
    run = workflows.run(define(handler, cancel=[cancel]), {"shop": 1})
    durable.send(durable.Event(name="shop/closed", data={"shop": 1}))
    workflows.settle()
    assert workflows.get(run).status == "cancelled"
