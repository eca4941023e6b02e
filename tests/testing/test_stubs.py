"""Something in the place of a step."""

from __future__ import annotations

from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

import durable
from durable.testing import Workflows
from tests.harness import journal, say, sync_and_async
from tests.testing import functions
from tests.testing.functions import GROUPS, define

STRICT = pytest.mark.parametrize("strict", [False, True])
ONE = sync_and_async(functions.one, functions.one_async)


@ONE
@STRICT
def test_a_stub_returns(workflows: Workflows, handler: Any, strict: bool) -> None:
    stub = workflows.stub_step("charge", returns=("receipt", 1))
    run = workflows.run(define(handler, strict=strict))
    assert (run.result, journal, stub.calls) == (["receipt", 1], [], [("charged",)])


@pytest.mark.parametrize("name", GROUPS)
@STRICT
def test_a_stub_returns_in_a_group(workflows: Workflows, name: str, strict: bool) -> None:
    workflows.stub_step("label", returns="a label")
    run = workflows.run(define(GROUPS[name], strict=strict))
    assert run.result == ["a label", "invoice", "mail"]
    assert sorted(journal) == ["invoice", "mail"]


@ONE
def test_a_stub_raises_and_is_tried_again(workflows: Workflows, handler: Any) -> None:
    stub = workflows.stub_step("charge", raises=ConnectionError("no route"))
    run = workflows.run(define(handler, retries=2), through="1h")
    assert run.failure is not None
    assert (run.failure["message"], len(stub.calls)) == ("no route", 3)


@pytest.mark.parametrize("name", GROUPS)
def test_a_stub_raises_in_a_group(workflows: Workflows, name: str) -> None:
    workflows.stub_step("invoice", raises=durable.NonRetriableError("no tax number"))
    run = workflows.run(define(GROUPS[name]))
    assert run.failure is not None
    assert run.failure["message"] == "no tax number"
    assert "mail" not in journal


@ONE
def test_a_stub_calls(workflows: Workflows, handler: Any) -> None:
    call = Mock(side_effect=[ValueError("once"), "twice"])
    workflows.stub_step("charge", call=call)
    assert workflows.run(define(handler), through="1h").result == "twice"
    call.assert_called_with("charged")


def test_a_stub_awaits(workflows: Workflows) -> None:
    workflows.stub_step("charge", call=AsyncMock(return_value="awaited"))
    assert workflows.run(define(functions.one_async)).result == "awaited"


@sync_and_async(functions.pause, functions.pause_async)
@STRICT
def test_a_stub_of_a_sleep_takes_no_time(workflows: Workflows, handler: Any, strict: bool) -> None:
    stub = workflows.stub_step("cool-off")
    assert workflows.run(define(handler, strict=strict)).result == "shipped"
    assert stub.calls == [()]


@sync_and_async(functions.approval, functions.approval_async)
@pytest.mark.parametrize(
    ("given", "result"),
    [(durable.Event(name="shop/order.approved", data={"by": "eve"}), "eve"), (None, "timed out")],
)
def test_a_stub_of_a_wait(workflows: Workflows, handler: Any, given: Any, result: str) -> None:
    workflows.stub_step("approval", returns=given)
    assert workflows.run(define(handler)).result == result


def naps(ctx: durable.ContextSync) -> list[None]:
    return list(
        ctx.group.parallel(
            (lambda: ctx.step.sleep("short", "1m"), lambda: ctx.step.sleep("long", "1d"))
        )
    )


async def naps_async(ctx: durable.Context) -> list[None]:
    return list(
        await ctx.group.parallel(
            (lambda: ctx.step.sleep("short", "1m"), lambda: ctx.step.sleep("long", "1d"))
        )
    )


@sync_and_async(naps, naps_async)
@STRICT
@pytest.mark.parametrize("mode", durable.ParallelMode)
def test_a_stub_of_a_sleep_in_a_group(
    workflows: Workflows, handler: Any, strict: bool, mode: durable.ParallelMode
) -> None:
    workflows.stub_step("long")
    run = workflows.run(define(handler, strict=strict, parallel_mode=mode))
    workflows.assert_waiting(run, "short")
    workflows.settle(through="2m")
    assert workflows.get(run).status == "completed"


def test_a_stub_of_sending_sends_nothing(workflows: Workflows) -> None:
    def tell(ctx: durable.ContextSync) -> list[str]:
        return ctx.step.send_event("tell", durable.Event(name="shop/told"))

    stub = workflows.stub_step("tell", returns=["id"])
    assert workflows.run(define(tell)).result == ["id"]
    workflows.assert_event_sent("shop/told", times=0)
    assert stub.calls == [([durable.Event(name="shop/told")],)]


def thrice(ctx: durable.ContextSync) -> list[str]:
    return [ctx.step.run("call", say, str(number)) for number in range(3)]


def test_a_stub_stands_for_all_repetitions(workflows: Workflows) -> None:
    workflows.stub_step("call", returns="x")
    assert workflows.run(define(thrice)).result == ["x", "x", "x"]


def test_a_stub_of_one_repetition(workflows: Workflows) -> None:
    workflows.stub_step("call:1", returns="x")
    assert workflows.run(define(thrice)).result == ["0", "x", "2"]


def test_a_later_stub_takes_the_place_of_an_earlier(workflows: Workflows) -> None:
    workflows.stub_step("charge", returns="first")
    workflows.stub_step("charge", returns="second")
    assert workflows.run(define(functions.one)).result == "second"


def test_a_stub_for_one_function(workflows: Workflows) -> None:
    mine, other = define(functions.one), define(functions.one, "other")
    workflows.stub_step("charge", returns="stubbed", function=mine)
    assert workflows.run(other).result == "charged"
    assert workflows.run(mine).result == "stubbed"


def test_a_stub_is_gone_after_the_test(db: None) -> None:
    function = define(functions.one)
    with Workflows() as workflows:
        workflows.stub_step("charge", returns="stubbed")
    with Workflows() as workflows:
        assert workflows.run(function).result == "charged"


def test_two_answers_are_refused(workflows: Workflows) -> None:
    with pytest.raises(TypeError, match="one of returns, raises and call"):
        workflows.stub_step("charge", returns=1, call=say)


def test_what_a_stub_returns_must_be_json(workflows: Workflows) -> None:
    workflows.stub_step("charge", returns=object())
    run = workflows.run(define(functions.one))
    assert run.failure is not None
    assert run.failure["name"] == "OutputUnserializableError"
