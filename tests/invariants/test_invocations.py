"""A function that invokes another, with a fault at any statement, and with rivals at each of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

import durable
from durable import clock
from durable.engine.aftermath import End, conclude
from durable.engine.timers import ring
from durable.models import Event, Run
from durable.playback.keys import step_key
from durable.playback.request import Invoke, ParallelMode, Request
from durable.store import Store
from durable.store.rows import Child, RunClaim
from durable.store.steps import Steps
from tests.integration.store import kit
from tests.invariants import stage
from tests.invariants.actors import PATIENCE, preempted
from tests.invariants.crash import Fault, Injector
from tests.invariants.test_crashes import RETRY, Record, suffer

pytestmark = pytest.mark.timeout(300)
NEVER = durable.TriggerEvent(event="never")


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch, clean_stage: None) -> Iterator[None]:
    monkeypatch.setattr("durable.engine.wave.STRAGGLERS", 0.0)
    monkeypatch.setattr("durable.worker.drain._ATTEND", PATIENCE)
    monkeypatch.setattr("durable.engine.overrides.AGE", 0.0)
    with override_settings(DURABLE={"BACKOFF": [RETRY], "JITTER": 0, "LEASE": stage.LEASE}):
        yield


def parent(ctx: durable.ContextSync) -> list[Any]:
    def ask(name: str) -> Any:
        try:
            return ctx.step.invoke_by_id(name, function_id=name)
        except durable.StepError as error:
            return error.message

    return [ask("child"), *ctx.group.parallel((lambda: ask("child"), lambda: ask("failing")))]


async def aparent(ctx: durable.Context) -> list[Any]:
    async def ask(name: str) -> Any:
        try:
            return await ctx.step.invoke_by_id(name, function_id=name)
        except durable.StepError as error:
            return error.message

    return [await ask("child"), *await asyncio.gather(ask("child"), ask("failing"))]


def define(handler: Callable[..., Any]) -> None:
    make = durable.create_function
    make(fn_id="parent", trigger=durable.TriggerEvent(event="invariant"))(handler)
    make(fn_id="child", trigger=NEVER)(lambda ctx: ctx.step.run("say", lambda: "said"))
    make(fn_id="failing", trigger=NEVER, on_failure=lambda ctx: ctx.event.id)(fail)
    heard = durable.TriggerEvent(event="durable/function.finished")
    make(fn_id="listener", trigger=heard)(lambda ctx: ctx.event.data["run_id"])


def fail(ctx: durable.ContextSync) -> None:
    raise durable.NonRetriableError("refused")


def settle_all(store: Store) -> None:
    """Have one more worker end all there is."""
    for run in Run.objects.exclude(status__in=("completed", "failed")).order_by("pk"):
        stage.settle(store, run.pk)


def check(store: Store, run: Run, where: str) -> None:
    settle_all(store)
    assert run.result == ["said", "said", "refused"], where
    children = run.children.order_by("pk")
    assert sorted(child.function for child in children) == ["child", "child", "failing"], where
    keys = {step.key for step in run.steps.all()}
    assert {child.parent_key for child in children} == keys, where
    assert run.steps.count() == 3, where
    ends = {str(one.pk) for one in [run, *children]}
    told = Event.objects.filter(name="durable/function.finished", custom_id__in=ends)
    assert told.count() == 4, where
    failing = str(children.get(function="failing").pk)
    listened = [one.result for one in Run.objects.filter(function="listener")]
    assert sorted(set(listened) & ends) == sorted(ends), where
    assert len(listened) == len(set(listened)), where
    handled = [one.result for one in Run.objects.filter(function="failing-failure")]
    assert handled.count(failing) == 1, where


@pytest.mark.parametrize("handler", [parent, aparent], ids=["sync", "async"])
@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_statement_invokes_once_and_tells_once(
    store: Store, handler: Any, fault: Fault, record_property: Record
) -> None:
    define(handler)
    whole = Injector()
    check(store, suffer(store, "whole", whole), whole.where)
    record_property("statements", len(whole.trace))
    every = 1 if os.environ.get("DURABLE_TEST_SWEEP") == "full" else sparsely(store)
    first = list(Fault).index(fault) % every
    for point in range(1 + first, len(whole.trace) + 1, every):
        injector = Injector(fault, point)
        check(store, suffer(store, str(point), injector), injector.where)


def sparsely(store: Store) -> int:
    """Return at which of the statements a fault is tried: each so manieth, as time allows."""
    is_plain = type(store.steps) is Steps
    return (
        7 * (3 if is_plain else 1) * {"sqlite": 1, "postgresql": 2, "mysql": 2}[connection.vendor]
    )


def both(store: Store) -> tuple[RunClaim, RunClaim]:
    """Store a parked run with a step that waits for another run, and claim that one."""
    run = kit.claimed(store)
    what = Invoke("callee", {}, 3600.0)
    asked = Request(
        key=step_key("a", 0, ""), name="a", index=0, branch="", mode=ParallelMode.WAIT, what=what
    )
    child = Child(function="callee", event=kit.event(), key=asked.key)
    store.steps.plan(run, [asked], park=True, also=lambda: store.children.create(run.id, [child]))
    (claim,) = store.runs.claim(kit.RIVAL)
    store.steps.plan(claim, [kit.request("x"), kit.request("y")], park=False)
    return run, claim


def finish(store: Store, child: RunClaim) -> bool:
    write = partial(store.runs.finish, child, "completed", output="1", close_steps=True)
    return conclude(store, End(run=child, status="completed", output="1"), write)


def sweep(
    store: Store,
    act: Callable[[RunClaim, RunClaim], tuple[Callable[[], Any], Callable[[], Any]]],
    first_is_child: bool,
) -> Iterator[tuple[RunClaim, RunClaim, str]]:
    for stop_at in count(1):
        run, child = both(store)
        ends = act(run, child)
        found = preempted(*(ends if first_is_child else ends[::-1]), stop_at)
        if found is None:
            assert stop_at > 1
            return
        yield run, child, found[2]
        Run.objects.filter(ended=None).update(due_at=None)


@pytest.fixture
def repeats(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses before statements that had to be said again, after a deadlock for example."""
    pauses: list[float] = []
    monkeypatch.setattr("durable.store.executor.time.sleep", pauses.append)
    return pauses


@pytest.mark.parametrize("first_is_child", [True, False])
def test_of_the_end_of_a_child_and_the_time_out_one_counts(
    store: Store, repeats: list[float], first_is_child: bool
) -> None:
    def act(run: RunClaim, child: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        clock.travel(timedelta(hours=2))

        def time_out() -> None:
            ring(store, [c for c in store.steps.claim(kit.ME, 9, run.id) if c.op == "invoke"])

        return partial(finish, store, child), time_out

    for run, child, where in sweep(store, act, first_is_child):
        step = kit.step(run)
        assert kit.row(child).status == "completed", where
        assert step.status in ("done", "failed"), where
        assert (step.result == 1) == (step.status == "done"), where
        assert (kit.row(run).status, kit.row(run).pending) == ("queued", 0), where
        assert not repeats, where


@pytest.mark.parametrize("first_is_child", [True, False])
def test_a_child_and_its_parent_may_end_together(
    store: Store, repeats: list[float], first_is_child: bool
) -> None:
    def act(run: RunClaim, child: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        write = partial(
            store.runs.finish,
            run,
            "failed",
            failure=kit.failure(),
            close_steps=True,
            though_released=True,
        )
        over = End(run=run, status="failed", failure=kit.failure())
        return partial(finish, store, child), partial(conclude, store, over, write)

    for run, child, where in sweep(store, act, first_is_child):
        assert (kit.row(child).status, kit.row(run).status) == ("completed", "failed"), where
        assert kit.step(run).status in ("done", "cancelled"), where
        assert (kit.row(run).pending, kit.row(run).due_at) == (0, None), where
        assert not repeats, where


@pytest.mark.parametrize("first_is_child", [True, False])
def test_a_child_may_end_while_a_batch_of_its_and_other_steps_is_recorded(
    store: Store, repeats: list[float], first_is_child: bool
) -> None:
    def act(run: RunClaim, child: RunClaim) -> tuple[Callable[[], Any], Callable[[], Any]]:
        claims = store.steps.claim(kit.ME, 9, child.id)
        results = [(claim, kit.done(claim.name)) for claim in claims]
        return partial(finish, store, child), partial(store.steps.flush, results)

    for run, child, where in sweep(store, act, first_is_child):
        assert kit.row(child).status == "completed", where
        assert kit.step(run).result == 1, where
        assert (kit.row(run).status, kit.row(run).pending) == ("queued", 0), where
        assert not repeats, where
