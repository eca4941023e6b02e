"""A recorded run, held against today's code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

import durable
from durable import ParallelMode
from durable.authoring.registry import Registry, registry
from durable.errors import FunctionNotFoundError
from durable.testing import Workflows, replay_test
from tests.harness import asay, journal, say, stumble
from tests.testing import functions
from tests.testing.functions import GROUPS, define

Handler = Callable[..., Any]
Export = Callable[..., dict[str, Any]]


@pytest.fixture
def export(workflows: Workflows) -> Export:
    """Run a handler, and return what the command prints of its run; the registry is empty again then."""

    def export(handler: Handler, through: str | None = None, **options: Any) -> dict[str, Any]:
        run = workflows.run(define(handler, **options), {"order": 7}, through=through)
        text = StringIO()
        call_command("durable_show", run.id, format="json", stdout=text)
        registry.restore(Registry())
        journal.clear()
        found: dict[str, Any] = json.loads(text.getvalue())
        return found

    return export


def nested(ctx: durable.ContextSync) -> list[Any]:
    def branch(name: str) -> list[str]:
        first = ctx.step.run(f"{name}-1", say, name)
        inner = ctx.group.parallel(
            tuple(partial(ctx.step.run, f"{name}-{n}", say, f"{first}{n}") for n in (2, 3))
        )
        return [ctx.step.run("same", say, name), *inner]

    return list(ctx.group.parallel((lambda: branch("a"), lambda: branch("b"))))


async def nested_async(ctx: durable.Context) -> list[Any]:
    async def branch(name: str) -> list[str]:
        first = await ctx.step.run(f"{name}-1", asay, name)
        second = await ctx.step.run("same", asay, f"{first}2")
        return [first, second]

    return list(await ctx.group.parallel((lambda: branch("a"), lambda: branch("b"))))


def caught(ctx: durable.ContextSync) -> str:
    """A group of which the first branch fails, so that a replay by the results alone never asks the second."""
    steps = (
        lambda: ctx.step.run("fails", stumble, "fails", 99),
        lambda: ctx.step.run("works", say, "works"),
    )
    try:
        ctx.group.parallel(steps)
    except durable.StepError as error:
        return ctx.step.run("make-up", say, error.name)
    return "unreachable"


async def caught_async(ctx: durable.Context) -> str:
    steps = (
        lambda: ctx.step.run("fails", stumble, "fails", 99),
        lambda: ctx.step.run("works", asay, "works"),
    )
    try:
        await ctx.group.parallel(steps)
    except durable.StepError as error:
        return await ctx.step.run("make-up", asay, error.name)
    return "unreachable"


def sends(ctx: durable.ContextSync) -> list[Any]:
    ids = ctx.step.send_event("tell", durable.Event(name="shop/told"))
    return [len(ids), ctx.event.data["order"], ctx.run_id]


def fails(ctx: durable.ContextSync) -> None:
    ctx.step.run("charge", say, "charged")
    raise ValueError("no stock")


def fails_at_a_step(ctx: durable.ContextSync) -> None:
    ctx.step.run("charge", stumble, "charge", 99)


SAME: dict[str, Handler] = {
    "one": functions.one,
    "one async": functions.one_async,
    **GROUPS,
    "pause": functions.pause,
    "pause async": functions.pause_async,
    "wait": functions.approval,
    "wait async": functions.approval_async,
    "nested": nested,
    "nested async": nested_async,
    "caught": caught,
    "caught async": caught_async,
    "sends": sends,
    "fails": fails,
    "fails at a step": fails_at_a_step,
}


@pytest.mark.parametrize("name", SAME)
@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [False, True])
def test_the_same_code_passes(export: Export, name: str, mode: ParallelMode, strict: bool) -> None:
    options: dict[str, Any] = {"retries": 0, "parallel_mode": mode, "strict": strict}
    run = export(SAME[name], "30d", **options)
    assert run["status"] in ("completed", "failed")
    define(SAME[name], **options)
    replay_test(run)
    assert journal == []


PAUSED: dict[str, Handler] = {"pause": functions.pause, "pause async": functions.pause_async}


@pytest.mark.parametrize("name", PAUSED)
def test_a_run_that_still_goes_on_passes(export: Export, name: str) -> None:
    run = export(PAUSED[name])
    assert run["status"] == "waiting"
    define(PAUSED[name])
    replay_test(run)


def test_a_run_that_waits_for_its_next_try_passes(export: Export) -> None:
    run = export(fails)
    assert run["status"] == "queued"
    define(fails)
    replay_test(run)


def renamed(ctx: durable.ContextSync) -> str:
    ctx.step.run("charge", say, "charged")
    ctx.step.sleep("cool-off", "3d")
    return ctx.step.run("send", say, "shipped")


def test_a_renamed_step_is_shown_on_both_sides(export: Export) -> None:
    run = export(functions.pause, "4d")
    define(renamed)
    with pytest.raises(AssertionError) as seen:
        replay_test(run)
    head, _, *lines = str(seen.value).splitlines()
    assert head == f"Function 'order' does not do what run {run['id']} has recorded:"
    assert [line.split(maxsplit=1)[0] for line in lines] == ["history", "run", "sleep", *"≠≠≠"]
    assert lines[3].split() == ["≠", "run", "'ship'", "-"]
    assert lines[4].split() == ["≠", "-", "run", "'send'"]
    assert 'returned "shipped"' in lines[5]
    assert "asked for more than was recorded" in lines[5]


def test_a_renamed_step_ahead_of_a_paused_run_passes(export: Export) -> None:
    run = export(functions.pause)
    define(renamed)
    replay_test(run)


def shorter(ctx: durable.ContextSync) -> str:
    ctx.step.run("charge", say, "charged")
    return "shipped"


def other_result(ctx: durable.ContextSync) -> str:
    functions.pause(ctx)
    return "sent"


def other_kind(ctx: durable.ContextSync) -> str:
    ctx.step.run("charge", say, "charged")
    ctx.step.run("cool-off", say, "x")
    return ctx.step.run("ship", say, "shipped")


def raises(ctx: durable.ContextSync) -> str:
    functions.pause(ctx)
    raise ValueError("odd")


def inserted(ctx: durable.ContextSync) -> str:
    ctx.step.run("check", say, "checked")
    return functions.pause(ctx)


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (shorter, "≠ run 'ship'"),
        (other_result, 'returned "sent"'),
        (other_kind, "run 'cool-off'"),
        (raises, "raised ValueError: odd"),
        (inserted, "run 'check'"),
    ],
)
def test_other_code_is_noticed(export: Export, handler: Handler, said: str) -> None:
    run = export(functions.pause, "4d")
    define(handler)
    with pytest.raises(AssertionError) as seen:
        replay_test(run)
    assert said in str(seen.value)


def test_the_traceback_of_what_the_code_raised_is_shown(export: Export) -> None:
    run = export(functions.pause, "4d")
    define(raises)
    with pytest.raises(AssertionError, match='raise ValueError\\("odd"\\)'):
        replay_test(run)


@pytest.mark.parametrize("handler", [shorter, inserted])
def test_other_code_is_noticed_by_a_paused_run(export: Export, handler: Handler) -> None:
    run = export(functions.pause)
    define(handler)
    with pytest.raises(AssertionError):
        replay_test(run)


def fails_otherwise(ctx: durable.ContextSync) -> None:
    ctx.step.run("charge", say, "charged")
    raise ValueError("no stamps")


def test_another_error_is_noticed(export: Export) -> None:
    run = export(fails, retries=0)
    define(fails_otherwise)
    with pytest.raises(AssertionError, match=r"no stock +raised ValueError: no stamps"):
        replay_test(run)


def one_branch(ctx: durable.ContextSync) -> list[str]:
    both = ctx.group.parallel((lambda: ctx.step.run("label", say, "label"),))
    return [*both, "invoice", ctx.step.run("mail", say, "mail")]


def test_a_branch_that_is_gone_is_noticed(export: Export) -> None:
    run = export(GROUPS["sync, wait"])
    define(one_branch)
    with pytest.raises(AssertionError, match="≠ run 'invoice' in branch 1"):
        replay_test(run)


def test_a_file_is_read(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(export(functions.one)))
    define(functions.one)
    replay_test(path)


def test_a_function_of_another_name_may_be_given(export: Export) -> None:
    run = export(functions.one)
    replay_test(run, function=define(functions.one, "order-2"))
    replay_test(run, function="order-2")
    with pytest.raises(FunctionNotFoundError, match="'order'"):
        replay_test(run)


@dataclass
class Parcel:
    weight: int
    sent: date


def typed(weight: int) -> Handler:
    def handler(ctx: durable.ContextSync) -> Parcel:
        parcel = ctx.step.run("weigh", Parcel, weight, date(2027, 1, 2), output_type=Parcel)
        return Parcel(parcel.weight + 1, parcel.sent)

    return handler


def test_a_result_of_an_output_type_passes(export: Export) -> None:
    run = export(typed(4), output_type=Parcel)
    assert run["result"] == {"weight": 5, "sent": "2027-01-02"}
    define(typed(4), output_type=Parcel)
    replay_test(run)


def test_another_result_of_an_output_type_is_noticed(export: Export) -> None:
    run = export(typed(4), output_type=Parcel)

    def heavier(ctx: durable.ContextSync) -> Parcel:
        parcel = typed(4)(ctx)
        return Parcel(parcel.weight * 2, parcel.sent)

    define(heavier, output_type=Parcel)
    with pytest.raises(AssertionError, match=r'returned .*"weight":5.* returned .*"weight":10'):
        replay_test(run)


def test_a_large_result_is_in_the_export(export: Export) -> None:
    def large(ctx: durable.ContextSync) -> int:
        return len(ctx.step.run("large", lambda: "x" * 10_000))

    run = export(large)
    define(large)
    replay_test(run)


@pytest.mark.parametrize("exported", [{}, {"id": "1", "steps": []}, {"steps": [{"id": 1}]}])
def test_something_else_is_refused(exported: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no exported run"):
        replay_test(exported)


EXPORTED: dict[str, Any] = {
    "id": "01a1fed0-a6c7-7e2b-b4a1-6fa4e3d59004",
    "function": "order",
    "status": "completed",
    "event": None,
    "result": 3,
    "error": None,
    "steps": [],
    "failed_tries": [],
}


def test_no_database_is_needed() -> None:
    define(lambda ctx: 3)
    replay_test(EXPORTED)
    define(lambda ctx: 4, "four")
    with pytest.raises(AssertionError, match=r"returned 3 +returned 4"):
        replay_test(EXPORTED, function="four")


def test_what_an_async_function_does_needs_no_database() -> None:
    async def three(ctx: durable.Context) -> int:
        return 3

    define(three)
    replay_test(EXPORTED)


def test_a_run_that_was_lost_is_held_against_its_steps_only() -> None:
    error = {"code": "worker_lost", "name": "WorkerLost", "message": "3 workers", "stack": ""}
    define(lambda ctx: 3)
    replay_test({**EXPORTED, "status": "failed", "result": None, "error": error})
