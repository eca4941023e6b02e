"""A type changes while results of it are recorded: what still fits is read, what does not stops the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

import durable
from durable import ParallelMode
from durable.models import Run
from tests.harness import Handler, Player, astumble, note, say, steps_of, stumble, sync_and_async


@dataclass
class Old:
    name: str
    email: str = "a@example.org"


@dataclass
class New:
    name: str
    level: int = 1


@dataclass
class Other:
    name: int


seen: list[Any] = []
kind: list[Any] = []


def load() -> Any:
    return kind[0](name="Ada") if kind[0] else {"name": "Ada"}


def loads(ctx: durable.ContextSync) -> str:
    try:
        seen.append(ctx.step.run("load", load, output_type=kind[0]))
    except Exception:  # noqa: BLE001 - as authors may
        note("caught")
    return ctx.step.run("shaky", stumble, "shaky")


async def loads_async(ctx: durable.Context) -> str:
    try:
        seen.append(await ctx.step.run("load", load, output_type=kind[0]))
    except Exception:  # noqa: BLE001 - as authors may
        note("caught")
    return await ctx.step.run("shaky", astumble, "shaky")


def loads_in_a_group(ctx: durable.ContextSync) -> str:
    ctx.group.parallel((lambda: loads(ctx), lambda: ctx.step.run("b", say, "b")))
    return ""


@pytest.fixture
def deploy(player: Player) -> Any:
    """Start a run with the old type, and let it rest; then have the new code in place of the old."""

    def deploy(handler: Handler, other: Any, **options: Any) -> Run:
        seen.clear()
        kind[:] = [Old]
        player.define(handler, **options)
        run = player.send()
        player.work()
        kind[:] = [other]
        return run

    return deploy


BOTH = sync_and_async(loads, loads_async)


@BOTH
def test_fields_with_a_default_may_come_and_fields_may_go(
    player: Player, handler: Handler, deploy: Any
) -> None:
    run = player.settle(deploy(handler, New))
    assert run.result == "shaky"
    assert seen == [Old("Ada"), New("Ada")]


@pytest.mark.parametrize("handler", [loads, loads_async, loads_in_a_group])
@pytest.mark.parametrize("mode", ParallelMode)
@pytest.mark.parametrize("strict", [False, True])
def test_what_does_not_fit_stops_the_run_and_cannot_be_caught(
    player: Player, handler: Handler, deploy: Any, mode: ParallelMode, strict: bool
) -> None:
    run = player.settle(deploy(handler, Other, parallel_mode=mode, strict=strict))
    assert run.status == "failed"
    assert run.failure is not None
    assert run.failure["code"] == "output_mismatch"
    assert run.failure["message"] == (
        "The result of step 'load' was recorded, but does not fit Other as it is now: $.name: "
        "str 'Ada', not int. Give the type back what it lacks, deploy that, and retry the run."
    )
    assert run.steps.get(name="load").result == {"name": "Ada", "email": "a@example.org"}


def before_a_group(ctx: durable.ContextSync) -> Any:
    ctx.step.run("load", load, output_type=kind[0])
    return ctx.group.parallel(
        (lambda: ctx.step.run("a", say, "a"), lambda: ctx.step.run("b", say, "b"))
    )


async def before_a_group_async(ctx: durable.Context) -> Any:
    await ctx.step.run("load", load, output_type=kind[0])
    return await ctx.group.parallel(
        (lambda: ctx.step.run("a", say, "a"), lambda: ctx.step.run("b", say, "b"))
    )


@sync_and_async(before_a_group, before_a_group_async)
def test_a_helper_that_cannot_read_it_stops_the_run_too(player: Player, handler: Handler) -> None:
    kind[:] = [Old]
    player.define(handler, parallel_mode=ParallelMode.RACE, strict=True)
    run = player.send()
    while not run.steps.filter(name="b").exists():
        player.worker.take_one()
    kind[:] = [Other]
    player.settle(run)
    assert run.failure is not None
    assert run.failure["code"] == "output_mismatch"
    assert steps_of(run)["load"] == "done"


@BOTH
def test_a_type_may_be_taken_away(player: Player, handler: Handler, deploy: Any) -> None:
    run = player.settle(deploy(handler, None))
    assert run.result == "shaky"
    assert seen == [Old("Ada"), {"name": "Ada", "email": "a@example.org"}]


@BOTH
def test_a_type_may_be_given_to_plain_results(player: Player, handler: Handler) -> None:
    seen.clear()
    kind[:] = [None]
    player.define(handler)
    run = player.send()
    player.work()
    kind[:] = [New]
    assert player.settle(run).result == "shaky"
    assert seen == [{"name": "Ada"}, New("Ada")]
