"""Claims about what happened, and what a failed one says."""

from __future__ import annotations

from functools import partial

import pytest
import time_machine

import durable
from durable.testing import Workflows
from tests.harness import say, stumble
from tests.testing import functions
from tests.testing.functions import define


def tell(ctx: durable.ContextSync) -> None:
    data = {"order": 7, "customer": {"name": "Ada", "vip": True}}
    ctx.step.send_event("tell", durable.Event(name="shop/paid", data=data))


def test_a_step_ran(workflows: Workflows) -> None:
    run = workflows.run(define(functions.one))
    workflows.assert_step_ran(run, "charge")
    workflows.assert_step_ran(run.id, "charge", times=1)
    workflows.assert_step_ran(run, "refund", times=0)


def test_a_step_that_did_not_run(workflows: Workflows) -> None:
    run = workflows.run(define(functions.pause))
    with pytest.raises(AssertionError) as caught:
        workflows.assert_step_ran(run, "ship")
    said = str(caught.value)
    assert said.startswith("expected step 'ship' to have run; counted: 0")
    assert "'order' is waiting" in said
    assert "charge " in said
    assert "cool-off " in said


def test_a_step_that_is_planned_has_not_run(workflows: Workflows) -> None:
    run = workflows.run(define(functions.pause))
    workflows.assert_step_ran(run, "cool-off", times=0)
    workflows.settle(through="3d")
    workflows.assert_step_ran(run, "cool-off")


def test_tries_are_counted(workflows: Workflows) -> None:
    def retried(ctx: durable.ContextSync) -> str:
        return ctx.step.run("charge", stumble, "charged", 2)

    run = workflows.run(define(retried), through="1h")
    workflows.assert_step_ran(run, "charge", times=3)
    with pytest.raises(AssertionError, match="to have run once; counted: 3"):
        workflows.assert_step_ran(run, "charge", times=1)


def test_repetitions_and_branches_are_counted(workflows: Workflows) -> None:
    def often(ctx: durable.ContextSync) -> None:
        for _ in range(2):
            ctx.step.run("mail", say, "x")
        ctx.group.parallel(tuple(partial(ctx.step.run, "mail", say, "x") for _ in range(3)))

    run = workflows.run(define(often))
    workflows.assert_step_ran(run, "mail", times=5)
    workflows.assert_step_ran(run, "mail:1", times=1)


def test_an_event_was_sent(workflows: Workflows) -> None:
    workflows.run(define(tell))
    (event,) = workflows.assert_event_sent("shop/paid", {"customer": {"name": "Ada"}}, times=1)
    assert event.data["order"] == 7


@pytest.mark.parametrize("data", [{"order": 8}, {"customer": {"name": "Eve"}}, {"nothing": None}])
def test_an_event_with_other_data(workflows: Workflows, data: dict[str, object]) -> None:
    workflows.run(define(tell))
    with pytest.raises(AssertionError, match=r"counted: 0\nsent:\n  shop/paid {'order': 7"):
        workflows.assert_event_sent("shop/paid", data)


def test_no_event_was_sent(workflows: Workflows) -> None:
    with pytest.raises(AssertionError, match=r"'shop/paid' to have been sent; .*\n.*\n  nothing"):
        workflows.assert_event_sent("shop/paid")


def test_the_event_of_run_is_not_one_that_was_sent(workflows: Workflows) -> None:
    workflows.run(define(functions.one))
    workflows.assert_event_sent(functions.EVENT, times=0)


def test_a_run_was_started(workflows: Workflows) -> None:
    define(functions.one, "ship", trigger=durable.TriggerEvent(event="shop/paid"))
    workflows.run(define(tell))
    (run,) = workflows.assert_run_started("ship", {"order": 7})
    assert run.status == "queued"
    workflows.settle()
    assert workflows.get(run).result == "charged"


def test_no_run_was_started(workflows: Workflows) -> None:
    workflows.run(define(functions.one))
    workflows.assert_run_started("order", times=0)
    with pytest.raises(AssertionError, match="function 'ship' to have been started"):
        workflows.assert_run_started("ship")


def test_a_run_waits_at_a_step(workflows: Workflows) -> None:
    run = workflows.run(define(functions.pause))
    assert workflows.assert_waiting(run).id == "cool-off"
    assert workflows.assert_waiting(run, "cool-off").kind == "sleep"


def test_a_run_waits_for_its_next_try(workflows: Workflows) -> None:
    workflows.stub_step("charge", raises=ValueError("no"))
    run = workflows.run(define(functions.one))
    assert workflows.assert_waiting(run, "charge").status == "retrying"


def test_a_run_that_waits_elsewhere(workflows: Workflows) -> None:
    run = workflows.run(define(functions.pause))
    with pytest.raises(AssertionError, match=r"wait at step 'ship', but\nrun .* is waiting"):
        workflows.assert_waiting(run, "ship")


def test_a_run_that_has_ended_waits_for_nothing(workflows: Workflows) -> None:
    run = workflows.run(define(functions.one))
    with pytest.raises(AssertionError, match=r"wait at a step, but\nrun .* is completed"):
        workflows.assert_waiting(run)


def test_runs_and_events_come_oldest_first_although_only_the_kit_moves_the_clocks(
    workflows: Workflows,
) -> None:
    define(functions.one)
    with time_machine.travel("2031-01-01 12:00+0000", tick=False):
        for number in range(12):
            durable.send(durable.Event(name=functions.EVENT, data={"number": number}))
            workflows.travel("1h")
        events = workflows.assert_event_sent(functions.EVENT)
        runs = workflows.assert_run_started("order")
    assert [event.data["number"] for event in events] == list(range(12))
    assert [run.event.data["number"] for run in runs if run.event] == list(range(12))
