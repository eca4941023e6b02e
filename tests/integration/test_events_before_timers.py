"""When workers were away, what came in meanwhile counts before the time that ran out meanwhile."""

from __future__ import annotations

import pytest

import durable
from durable.authoring.registry import Registry
from durable.testing import Workflows

PAID = "shop/order.paid"
PLACED = durable.TriggerEvent(event="shop/order.placed")


@pytest.fixture(autouse=True)
def stage(fresh_registry: Registry) -> None:
    """A registry of its own for each test."""


def test_event_that_came_in_time_is_taken_though_no_worker_was_there(workflows: Workflows) -> None:
    @durable.create_function(fn_id="ship", trigger=PLACED)
    def ship(ctx: durable.ContextSync) -> bool:
        paid = ctx.step.wait_for_event("paid", event=PAID, match="data.order", timeout="5d")
        return paid is not None

    run = workflows.run(ship, {"order": 1})
    durable.send(durable.Event(name=PAID, data={"order": 1}))
    workflows.travel("6d")
    workflows.settle()
    assert workflows.get(run).result is True


def test_cancelling_event_counts_before_the_sleep_that_ended_later(workflows: Workflows) -> None:
    cancel = durable.Cancel(event="user/gone", if_exp="async.data.user == event.data.user")

    @durable.create_function(fn_id="remind", trigger=PLACED, cancel=[cancel])
    def remind(ctx: durable.ContextSync) -> str:
        ctx.step.sleep("a-day", "1d")
        return ctx.step.run("mail", str, "mailed")

    run = workflows.run(remind, {"user": 1})
    durable.send(durable.Event(name="user/gone", data={"user": 1}))
    workflows.travel("2d")
    workflows.settle()
    assert workflows.get(run).status == "cancelled"
    workflows.assert_step_ran(run, "mail", times=0)
