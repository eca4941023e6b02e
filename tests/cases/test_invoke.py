"""`step.invoke` and `step.invoke_by_id`: a function's result, or its failure, as that of a step."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.engine.aftermath import End, conclude
from durable.models import Event, Run
from tests.harness import Player, note, say, steps_of, sync_and_async

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])
NEVER = durable.TriggerEvent(event="case/never")


def double(ctx: durable.ContextSync) -> int:
    note(f"double {ctx.event.data['n']}")
    return int(ctx.step.run("double", lambda: 2 * ctx.event.data["n"]))


def refuse(ctx: durable.ContextSync) -> None:
    raise durable.NonRetriableError(f"no {ctx.event.data['n']}")


@pytest.fixture
def callee(player: Player) -> durable.Function:
    """A function that gives back twice what it is given."""
    return player.define(double, fn_id="double", trigger=NEVER)


@pytest.fixture
def refuser(player: Player) -> durable.Function:
    """A function that fails."""
    return player.define(refuse, fn_id="refuse", trigger=NEVER)


def child_of(run: Run) -> Run:
    return Run.objects.get(parent=run)


def ask(ctx: durable.ContextSync) -> Any:
    before = ctx.step.run("before", say, "before")
    result = ctx.step.invoke_by_id("ask", function_id=ctx.event.data["of"], data={"n": 4})
    return [before, result, ctx.step.run("after", say, "after")]


async def aask(ctx: durable.Context) -> Any:
    before = await ctx.step.run("before", say, "before")
    result = await ctx.step.invoke_by_id("ask", function_id=ctx.event.data["of"], data={"n": 4})
    return [before, result, await ctx.step.run("after", say, "after")]


asks = sync_and_async(ask, aask)


@asks
@STRICT
def test_the_result_of_a_function_is_that_of_the_step(
    player: Player, callee: durable.Function, handler: Any, strict: bool
) -> None:
    run = player.play(handler, {"of": "double"}, strict=strict)
    assert run.result == ["before", 8, "after"]
    assert steps_of(run) == {"before": "done", "ask": "done", "after": "done"}


def test_a_function_at_hand_is_invoked(player: Player, callee: durable.Function) -> None:
    run = player.play(lambda ctx: ctx.step.invoke("ask", function=callee, data={"n": 1}))
    assert run.result == 2


def test_an_async_function_invokes_a_function_at_hand(
    player: Player, callee: durable.Function
) -> None:
    async def ask(ctx: durable.Context) -> Any:
        return await ctx.step.invoke("ask", function=callee, data={"n": 1})

    assert player.play(ask).result == 2


@asks
def test_nothing_is_held_while_the_function_runs(
    player: Player, callee: durable.Function, handler: Any
) -> None:
    player.define(handler)
    run = player.send({"of": "double"})
    assert player.worker.take_one() == 1
    run.refresh_from_db()
    assert (run.status, run.owner, run.due_at, run.pending) == ("waiting", None, None, 1)


def test_parent_and_child_know_each_other(player: Player, callee: durable.Function) -> None:
    run = player.play(ask, {"of": "double"})
    child = child_of(run)
    assert (child.function, child.parent, child.parent_key) == (
        "double",
        run,
        run.steps.get(name="ask").key,
    )
    assert list(run.children.all()) == [child]


def test_the_event_of_the_child_says_who_invoked_it(
    player: Player, callee: durable.Function
) -> None:
    run = player.play(ask, {"of": "double"})
    event: Any = child_of(run).event
    key = run.steps.get(name="ask").key
    assert event.name == "durable/function.invoked"
    assert event.value == {
        "n": 4,
        "_durable": {
            "fn_id": "double",
            "correlation_id": f"{run.pk}.{key}",
            "source": {"function_id": "case", "run_id": str(run.pk), "step_id": "ask"},
        },
    }


def test_without_data_the_event_has_none(player: Player) -> None:
    look = player.define(lambda ctx: sorted(ctx.event.data), fn_id="look", trigger=NEVER)
    assert player.play(lambda ctx: ctx.step.invoke("ask", function=look)).result == ["_durable"]


@asks
@STRICT
def test_its_failure_is_that_of_the_step(
    player: Player, refuser: durable.Function, handler: Any, strict: bool
) -> None:
    run = player.play(handler, {"of": "refuse"}, strict=strict)
    assert run.failure is not None
    assert (run.failure["name"], run.failure["message"]) == ("NonRetriableError", "no 4")
    assert run.failure["code"] == "step_errored"
    assert steps_of(run) == {"before": "done", "ask": "failed"}


def caught(ctx: durable.ContextSync) -> list[Any]:
    try:
        ctx.step.invoke_by_id("ask", function_id="refuse", data={"n": 1})
    except durable.StepError as error:
        return [error.name, error.message, error.code, ctx.step.run("on", say, "on")]
    raise AssertionError


async def acaught(ctx: durable.Context) -> list[Any]:
    try:
        await ctx.step.invoke_by_id("ask", function_id="refuse", data={"n": 1})
    except durable.StepError as error:
        return [error.name, error.message, error.code, await ctx.step.run("on", say, "on")]
    raise AssertionError


@sync_and_async(caught, acaught)
def test_its_failure_can_be_caught(player: Player, refuser: durable.Function, handler: Any) -> None:
    run = player.play(handler)
    assert run.result == ["NonRetriableError", "no 1", "step_errored", "on"]


def test_an_error_that_is_fatal_to_the_child_can_be_caught_by_the_parent(player: Player) -> None:
    def nest(ctx: durable.ContextSync) -> None:
        ctx.step.run("outer", lambda: ctx.step.run("inner", say, "inner"))

    player.define(nest, fn_id="refuse", trigger=NEVER)
    run = player.play(caught)
    assert run.status == "completed"
    assert run.result[0] == "NestedStepError"


def test_a_large_result_comes_whole(player: Player) -> None:
    large = player.define(lambda ctx: "ü" * 5000, fn_id="large", trigger=NEVER)
    run = player.play(lambda ctx: len(ctx.step.invoke("ask", function=large)))
    assert run.result == 5000
    assert run.steps.get().large


@pytest.mark.parametrize("result", [None, 0, False, [], {}])
def test_a_result_that_is_nothing_is_a_result(player: Player, result: Any) -> None:
    give = player.define(lambda ctx: result, fn_id="give", trigger=NEVER)
    assert player.play(lambda ctx: [ctx.step.invoke("ask", function=give)]).result == [result]


def three(ctx: durable.ContextSync) -> list[Any]:
    invoke = ctx.step.invoke_by_id
    branches = tuple(
        partial(invoke, f"ask {n}", function_id="double", data={"n": n}) for n in range(3)
    )
    return [*ctx.group.parallel(branches), ctx.step.run("after", say, "after")]


async def athree(ctx: durable.Context) -> list[Any]:
    invoke = ctx.step.invoke_by_id
    branches = tuple(
        partial(invoke, f"ask {n}", function_id="double", data={"n": n}) for n in range(3)
    )
    return [*await ctx.group.parallel(branches), await ctx.step.run("after", say, "after")]


@sync_and_async(three, athree)
@MODES
@STRICT
def test_three_functions_are_invoked_side_by_side(
    player: Player, callee: durable.Function, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == [0, 2, 4, "after"]
    assert Run.objects.filter(parent=run).count() == 3


async def gathered(ctx: durable.Context) -> list[Any]:
    invoke = ctx.step.invoke_by_id
    asked = [invoke("ask", function_id="double", data={"n": n}) for n in range(3)]
    return list(await asyncio.gather(*asked, ctx.step.run("beside", say, "beside")))


@MODES
def test_invocations_are_gathered(
    player: Player, callee: durable.Function, mode: ParallelMode
) -> None:
    run = player.play(gathered, parallel_mode=mode)
    assert run.result == [0, 2, 4, "beside"]
    assert Run.objects.filter(parent=run).count() == 3


def nested(ctx: durable.ContextSync) -> Any:
    invoke = ctx.step.invoke_by_id

    def deep() -> Any:
        first = invoke("first", function_id="double", data={"n": 1})
        return ctx.group.parallel(
            (
                lambda: invoke("inner", function_id="double", data={"n": first}),
                lambda: ctx.step.run("x", say, "x"),
            )
        )

    return ctx.group.parallel((deep, lambda: ctx.step.run("y", say, "y")))


async def anested(ctx: durable.Context) -> Any:
    invoke = ctx.step.invoke_by_id

    async def deep() -> Any:
        first = await invoke("first", function_id="double", data={"n": 1})
        return await ctx.group.parallel(
            (
                lambda: invoke("inner", function_id="double", data={"n": first}),
                lambda: ctx.step.run("x", say, "x"),
            )
        )

    return await ctx.group.parallel((deep, lambda: ctx.step.run("y", say, "y")))


@sync_and_async(nested, anested)
@MODES
@STRICT
def test_a_function_is_invoked_in_a_nested_group(
    player: Player, callee: durable.Function, handler: Any, mode: ParallelMode, strict: bool
) -> None:
    run = player.play(handler, parallel_mode=mode, strict=strict)
    assert run.result == [[4, "x"], "y"]
    assert Run.objects.filter(parent=run).count() == 2


def chain(ctx: durable.ContextSync) -> Any:
    n = ctx.event.data["n"]
    if n == 0:
        raise durable.NonRetriableError("the last")
    return ctx.step.invoke_by_id("next", function_id="case", data={"n": n - 1})


def test_a_failure_comes_through_a_chain_of_functions(player: Player) -> None:
    run = player.play(chain, {"n": 3})
    assert run.failure is not None
    assert run.failure["message"] == "the last"
    assert set(Run.objects.values_list("status", flat=True)) == {"failed"}
    assert Run.objects.count() == 4


def test_a_result_comes_through_a_chain_of_functions(player: Player) -> None:
    def count(ctx: durable.ContextSync) -> int:
        n = ctx.event.data["n"]
        if n == 0:
            return 0
        return 1 + int(ctx.step.invoke_by_id("next", function_id="case", data={"n": n - 1}))

    run = player.play(count, {"n": 3})
    assert run.result == 3
    assert Run.objects.filter(parent__parent__parent=run).count() == 1


def test_the_own_app_is_meant_if_none_is_named(player: Player) -> None:
    client = durable.Client(app_id="shop")
    client.create_function(fn_id="price", trigger=NEVER)(lambda ctx: "9.99")
    player.define(lambda ctx: "none", fn_id="price", trigger=NEVER)
    ask = durable.TriggerEvent(event="case/started")

    @client.create_function(fn_id="ask", trigger=ask)
    def case(ctx: durable.ContextSync) -> list[Any]:
        invoke = ctx.step.invoke_by_id
        return [
            invoke("own", function_id="price"),
            invoke("theirs", function_id="price", app_id=""),
            invoke("named", function_id="price", app_id="shop"),
        ]

    assert player.settle(player.send()).result == ["9.99", "none", "9.99"]


def give_up(ctx: durable.ContextSync) -> Any:
    branches = (
        lambda: ctx.step.invoke_by_id("ask", function_id="double", data={"n": 1}),
        lambda: ctx.step.run("fail", fail),
    )
    return ctx.group.parallel(branches)


def fail() -> None:
    raise durable.NonRetriableError("enough")


def test_a_child_that_comes_when_the_parent_has_failed_changes_nothing(
    player: Player, callee: durable.Function
) -> None:
    run = player.play(give_up, parallel_mode=ParallelMode.RACE)
    assert run.status == "failed"
    before = list(run.steps.order_by("id").values())
    player.work()
    assert child_of(run).result == 2
    assert list(run.steps.order_by("id").values()) == before
    run.refresh_from_db()
    assert (run.status, run.pending, run.due_at) == ("failed", 0, None)


@pytest.mark.parametrize("first", ["parent", "child"])
def test_parent_and_child_may_be_deleted_in_any_order(
    player: Player, callee: durable.Function, first: str
) -> None:
    run = player.play(ask, {"of": "double"})
    child = child_of(run)
    (run if first == "parent" else child).delete()
    (child if first == "parent" else run).refresh_from_db()
    assert Run.objects.count() == 1


def cancel(player: Player, run: Run) -> bool:
    """End a run as cancelled, as who cancels it does."""
    (claim,) = player.store.runs.claim("canceller")
    assert claim.id == run.pk
    write: Callable[[], bool] = partial(
        player.store.runs.finish, claim, "cancelled", close_steps=True
    )
    return conclude(player.store, End(run=claim, status="cancelled"), write)


def test_a_child_that_is_cancelled_is_a_failure_of_the_step(
    player: Player, callee: durable.Function
) -> None:
    player.define(ask)
    run = player.send({"of": "double"})
    player.worker.take_one()
    assert cancel(player, child_of(run))
    player.settle(run)
    assert run.failure is not None
    assert run.failure["name"] == "FunctionCancelledError"


def test_one_event_for_each_child(player: Player, callee: durable.Function) -> None:
    player.play(three)
    assert Event.objects.filter(name="durable/function.invoked").count() == 3


def test_hundreds_are_invoked_at_once(player: Player, callee: durable.Function) -> None:
    def many(ctx: durable.ContextSync) -> int:
        ask = ctx.step.invoke_by_id
        branches = tuple(
            partial(ask, f"{n}", function_id="double", data={"n": n}) for n in range(300)
        )
        return sum(ctx.group.parallel(branches))

    assert player.play(many).result == 300 * 299


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mode", ParallelMode)
@sync_and_async(three, athree)
def test_many_workers_share_parents_and_children(
    player: Player, callee: durable.Function, handler: Any, mode: ParallelMode
) -> None:
    player.define(handler, parallel_mode=mode)
    run = player.settle_with(4, player.send())
    assert run.result == [0, 2, 4, "after"]
    assert Run.objects.filter(parent=run, status="completed").count() == 3
