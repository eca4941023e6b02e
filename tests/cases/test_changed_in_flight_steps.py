"""A deploy changes the steps of a function while a run of it rests: what it then does, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.authoring.registry import Registry
from durable.models import Run
from tests.harness import Handler, Player, asay, journal, say, steps_of, stumble

HOUR = timedelta(hours=1)
MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])
NAP = "nap"


def sync_program(names: Sequence[str]) -> Handler:
    """Return a function that takes these steps one after the other; "nap" is a sleep."""

    def program(ctx: durable.ContextSync) -> list[Any]:
        return [
            ctx.step.sleep(NAP, HOUR) if name == NAP else ctx.step.run(name, say, name)  # type: ignore[func-returns-value]
            for name in names
        ]

    return program


def async_program(names: Sequence[str]) -> Handler:
    async def program(ctx: durable.Context) -> list[Any]:
        return [
            await (ctx.step.sleep(NAP, HOUR) if name == NAP else ctx.step.run(name, asay, name))
            for name in names
        ]

    return program


def group(*names: str) -> Handler:
    def program(ctx: durable.ContextSync) -> list[str]:
        return list(ctx.group.parallel(tuple(partial(ctx.step.run, n, say, n) for n in names)))

    return program


PROGRAMS = pytest.mark.parametrize(
    "program", [pytest.param(sync_program, id="sync"), pytest.param(async_program, id="async")]
)


def deploy(player: Player, registry: Registry, handler: Handler, **options: Any) -> None:
    registry.restore(Registry())
    player.define(handler, **options)


def rest(player: Player, handler: Handler, **options: Any) -> Run:
    """Have a run go as far as it can today."""
    player.define(handler, **options)
    run = player.send()
    player.work()
    return run


@PROGRAMS
@STRICT
@pytest.mark.parametrize(
    ("before", "after", "ran"),
    [
        pytest.param("a b nap c", "b a nap c", "a b c", id="done steps change places"),
        pytest.param("a nap b c", "a nap c b", "a c b", id="steps to come change places"),
        pytest.param("a b nap c", "c nap b a", "a b c", id="all of them change places"),
        pytest.param("a nap b", "a new nap b", "a new b", id="a step is new before the sleep"),
        pytest.param("a nap b", "a nap b new", "a b new", id="a step is new at the end"),
        pytest.param("a b nap c", "b nap c", "a b c", id="a done step is gone"),
        pytest.param("a nap b c", "a nap c", "a c", id="a step to come is gone"),
        pytest.param("a nap b", "a b", "a b", id="the sleep is gone"),
        pytest.param("a nap b", "a nap B", "a B", id="a step to come has another id"),
        pytest.param("a nap b", "A nap b", "a A b", id="a done step has another id: it runs again"),
        pytest.param("a nap b", "a a nap b", "a a b", id="a step is repeated: its second use runs"),
    ],
)
def test_steps_outside_of_groups(
    player: Player,
    fresh_registry: Registry,
    program: Any,
    strict: bool,
    before: str,
    after: str,
    ran: str,
) -> None:
    run = rest(player, program(before.split()), strict=strict)
    deploy(player, fresh_registry, program(after.split()), strict=strict)
    player.settle(run)
    assert run.status == "completed"
    assert journal == ran.split()


@PROGRAMS
def test_a_sleep_with_another_id_is_slept_again(
    player: Player, fresh_registry: Registry, program: Any
) -> None:
    run = rest(player, program(["a", NAP, "b"]))

    def other(ctx: durable.ContextSync) -> str:
        ctx.step.run("a", say, "a")
        ctx.step.sleep("another nap", HOUR)
        return ctx.step.run("b", say, "b")

    deploy(player, fresh_registry, other)
    player.settle(run)
    assert run.result == "b"
    assert steps_of(run) == {"a": "done", "nap": "done", "another nap": "done", "b": "done"}


def test_a_step_that_waits_for_its_next_try_is_given_up_when_it_is_gone(
    player: Player, fresh_registry: Registry
) -> None:
    run = rest(player, lambda ctx: ctx.step.run("old", stumble, "old", 9))
    deploy(player, fresh_registry, lambda ctx: ctx.step.run("new", say, "new"))
    assert player.settle(run).result == "new"
    assert steps_of(run) == {"old": "cancelled", "new": "done"}


@MODES
@pytest.mark.parametrize("after", [("A", "b"), ("b",), ("new", "a", "b")])
def test_a_planned_step_that_is_gone_stops_the_run_and_both_sides_are_shown(
    player: Player, fresh_registry: Registry, mode: ParallelMode, after: tuple[str, ...]
) -> None:
    player.define(group("a", "b"), parallel_mode=mode, strict=True)
    run = player.send()
    player.worker.take_one()
    deploy(player, fresh_registry, group(*after), parallel_mode=mode, strict=True)
    player.settle(run)
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"
    message = run.failure["message"]
    assert "The history holds 'a' (" in message and "'b' (" in message
    assert f"; the code asked for {', '.join(map(repr, after))}" in message
    assert f"manage.py durable_retry {run.pk}" in message


@MODES
@pytest.mark.parametrize("after", [("A", "b"), ("b",), ("new", "a", "b")])
def test_it_goes_on_when_the_change_is_taken_back_and_it_is_retried(
    player: Player, fresh_registry: Registry, mode: ParallelMode, after: tuple[str, ...]
) -> None:
    player.define(group("a", "b"), parallel_mode=mode, strict=True)
    run = player.send()
    player.worker.take_one()
    deploy(player, fresh_registry, group(*after), parallel_mode=mode, strict=True)
    player.settle(run)
    deploy(player, fresh_registry, group("a", "b"), parallel_mode=mode, strict=True)
    durable.retry(run.pk)
    assert player.settle(run).result == ["a", "b"]
    assert journal.count("a") == journal.count("b") == 1


@MODES
def test_a_branch_that_is_new_at_the_end_runs(
    player: Player, fresh_registry: Registry, mode: ParallelMode
) -> None:
    player.define(group("a", "b"), parallel_mode=mode, strict=True)
    run = player.send()
    for _ in range(2):
        player.worker.take_one()
    deploy(player, fresh_registry, group("a", "b", "c"), parallel_mode=mode, strict=True)
    assert player.settle(run).result == ["a", "b", "c"]
    assert sorted(journal) == ["a", "b", "c"]


def test_branches_that_change_places_after_they_are_done_run_again(
    player: Player, fresh_registry: Registry
) -> None:
    def with_a_nap(*names: str) -> Handler:
        def program(ctx: durable.ContextSync) -> list[str]:
            found = group(*names)(ctx)
            ctx.step.sleep(NAP, HOUR)
            return list(found)

        return program

    run = rest(player, with_a_nap("a", "b"))
    deploy(player, fresh_registry, with_a_nap("b", "a"))
    assert player.settle(run).result == ["b", "a"]
    assert sorted(journal) == ["a", "a", "b", "b"]


def ask(kind: str) -> Handler:
    """Return a function whose step "x" is of this kind, between a step before and a sleep."""

    def program(ctx: durable.ContextSync) -> None:
        ctx.step.run("before", say, "before")
        if kind == "run":
            ctx.step.run("x", say, "x")
        elif kind == "shaky":
            ctx.step.run("x", stumble, "x", 9)
        elif kind == "sleep":
            ctx.step.sleep("x", HOUR)
        elif kind == "wait":
            ctx.step.wait_for_event("x", event="case/none", timeout=HOUR)
        elif kind == "invoke":
            ctx.step.invoke_by_id("x", function_id="case")
        else:
            ctx.step.send_event("x", durable.Event(name="case/sent"))
        ctx.step.sleep("after", HOUR)

    return program


OTHERS = [
    (before, after)
    for before in ("run", "shaky", "sleep", "wait", "send")
    for after in ("run", "sleep", "wait", "invoke", "send")
    if after not in (before, {"shaky": "run"}.get(before))
]


@pytest.mark.parametrize(("before", "after"), OTHERS)
def test_another_kind_of_step_under_an_old_id_stops_the_run(
    player: Player, fresh_registry: Registry, before: str, after: str
) -> None:
    run = rest(player, ask(before))
    deploy(player, fresh_registry, ask(after))
    player.settle(run)
    assert_refused(run)


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in OTHERS if pair[0] in ("sleep", "wait")]
)
def test_so_it_does_when_the_old_one_is_over(
    player: Player, fresh_registry: Registry, before: str, after: str
) -> None:
    run = rest(player, ask(before))
    player.jump()
    player.work()
    deploy(player, fresh_registry, ask(after))
    player.settle(run)
    assert_refused(run)


def assert_refused(run: Run) -> None:
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"
    assert "in the history of this run, and the code now asks for a" in run.failure["message"]
    assert journal.count("before") == 1


def test_a_planned_step_that_is_a_sleep_now_stops_the_run(
    player: Player, fresh_registry: Registry
) -> None:
    player.define(
        lambda ctx: ctx.group.parallel(
            (partial(ctx.step.run, "x", say, "x"), partial(ctx.step.run, "y", say, "y"))
        ),
        strict=True,
    )
    run = player.send()
    player.worker.take_one()
    deploy(
        player,
        fresh_registry,
        lambda ctx: ctx.group.parallel(
            (partial(ctx.step.sleep, "x", HOUR), partial(ctx.step.run, "y", say, "y"))
        ),
        strict=True,
    )
    player.settle(run)
    assert run.failure is not None
    assert run.failure["code"] == "step_unexpected"


def test_a_run_that_was_stopped_so_goes_on_with_the_code_of_before(
    player: Player, fresh_registry: Registry
) -> None:
    run = rest(player, ask("run"))
    deploy(player, fresh_registry, ask("invoke"))
    player.settle(run)
    deploy(player, fresh_registry, ask("run"))
    durable.retry(run.pk)
    player.settle(run)
    assert (run.status, journal) == ("completed", ["before", "x"])
