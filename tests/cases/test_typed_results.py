"""`output_type=` of steps and functions: code gets values of the type, live as on every replay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pydantic
import pytest
from django.contrib.auth.models import Group

import durable
from durable import ParallelMode
from durable.models import Blob
from tests.harness import (
    Handler,
    Player,
    astumble,
    journal,
    note,
    steps_of,
    stumble,
    sync_and_async,
)

MODES = pytest.mark.parametrize("mode", ParallelMode)
STRICT = pytest.mark.parametrize("strict", [False, True])


@dataclass(frozen=True)
class User:
    name: str
    joined: date
    paid: Decimal = Decimal("1.10")


class Model(pydantic.BaseModel):
    user: User
    note: str = ""


ADA = User("Ada", date(2026, 1, 31))
STORED = {"name": "Ada", "joined": "2026-01-31", "paid": "1.10"}
seen: list[Any] = []


@pytest.fixture(autouse=True)
def look_afresh() -> None:
    seen.clear()


def load(name: str) -> User:
    note(name)
    return replace(ADA, name=name)


async def aload(name: str) -> User:
    return load(name)


def alone(ctx: durable.ContextSync) -> str:
    seen.append(ctx.step.run("load", load, "Ada", output_type=User))
    return ctx.step.run("shaky", stumble, "shaky")


async def alone_async(ctx: durable.Context) -> str:
    seen.append(await ctx.step.run("load", aload, "Ada", output_type=User))
    return await ctx.step.run("shaky", astumble, "shaky")


@sync_and_async(alone, alone_async)
@STRICT
def test_live_and_replayed_it_is_a_value_of_the_type(
    player: Player, handler: Handler, strict: bool
) -> None:
    run = player.play(handler, strict=strict)
    assert len(seen) >= 2
    assert set(seen) == {ADA}
    assert journal == ["Ada", "shaky", "shaky"]
    assert run.steps.get(name="load").result == STORED


def unlike(ctx: durable.ContextSync) -> None:
    seen.append(ctx.step.run("load", lambda: ADA, output_type=User))


def test_the_live_value_is_built_of_what_was_recorded(player: Player) -> None:
    player.play(unlike)
    assert seen == [ADA]
    assert seen[0] is not ADA


def grouped(ctx: durable.ContextSync) -> str:
    def branch(name: str) -> User:
        first = ctx.step.run("first", load, name, output_type=User)
        return ctx.step.run("second", load, first.name + "!", output_type=User)

    pair = ctx.group.parallel(
        (
            lambda: branch("Ada"),
            lambda: ctx.group.parallel(
                (lambda: ctx.step.run("list", lambda: [ADA], output_type=list[User]),)
            ),
        )
    )
    seen.append(pair)
    return ctx.step.run("shaky", stumble, "shaky")


async def grouped_async(ctx: durable.Context) -> str:
    async def branch(name: str) -> User:
        first = await ctx.step.run("first", aload, name, output_type=User)
        return await ctx.step.run("second", load, first.name + "!", output_type=User)

    pair = await ctx.group.parallel(
        (
            lambda: branch("Ada"),
            lambda: ctx.group.parallel(
                (lambda: ctx.step.run("list", lambda: [ADA], output_type=list[User]),)
            ),
        )
    )
    seen.append(pair)
    return await ctx.step.run("shaky", astumble, "shaky")


@sync_and_async(grouped, grouped_async)
@MODES
@STRICT
def test_planned_steps_and_nested_groups(
    player: Player, handler: Handler, mode: ParallelMode, strict: bool
) -> None:
    player.play(handler, parallel_mode=mode, strict=strict)
    assert len(seen) >= 2
    assert [pair == (replace(ADA, name="Ada!"), ([ADA],)) for pair in seen] == [True] * len(seen)


def bare(ctx: durable.ContextSync) -> None:
    steps = (partial(ctx.step.run, "load", load, name, output_type=User) for name in "abc")
    seen.append(ctx.group.parallel(tuple(steps)))


async def gathered(ctx: durable.Context) -> None:
    steps = (ctx.step.run("load", aload, name, output_type=User) for name in "abc")
    seen.append(tuple(await asyncio.gather(*steps)))


@sync_and_async(bare, gathered)
@MODES
def test_side_by_side(player: Player, handler: Handler, mode: ParallelMode) -> None:
    player.play(handler, parallel_mode=mode)
    assert seen[-1] == tuple(replace(ADA, name=name) for name in "abc")


def write(name: str) -> User:
    Group.objects.create(name=name)
    return load(name)


def in_atomic(ctx: durable.ContextSync) -> None:
    seen.append(ctx.step.run("load", write, "Ada", atomic=True, output_type=User))


async def in_atomic_async(ctx: durable.Context) -> None:
    seen.append(await ctx.step.run("load", write, "Ada", atomic=True, output_type=User))


@sync_and_async(in_atomic, in_atomic_async)
def test_an_atomic_step(player: Player, handler: Handler) -> None:
    player.play(handler)
    assert seen == [ADA]


def write_wrongly(name: str) -> str:
    Group.objects.create(name=name)
    return name


def test_an_atomic_step_that_returns_something_else_writes_nothing(player: Player) -> None:
    def wrong(ctx: durable.ContextSync) -> None:
        ctx.step.run("load", write_wrongly, "Ada", atomic=True, output_type=User)

    run = player.play(wrong)
    assert run.failure is not None
    assert run.failure["code"] == "output_unserializable"
    assert not Group.objects.exists()


@STRICT
def test_a_large_result(player: Player, strict: bool) -> None:
    def large(ctx: durable.ContextSync) -> int:
        users = ctx.step.run("load", lambda: [ADA] * 500, output_type=list[User])
        assert users == [ADA] * 500
        ctx.step.run("shaky", stumble, "shaky")
        return len(users)

    assert player.play(large, strict=strict).result == 500
    assert Blob.objects.count() == 1


def test_a_pydantic_model(player: Player) -> None:
    def modelled(ctx: durable.ContextSync) -> str:
        seen.append(ctx.step.run("load", lambda: Model(user=ADA), output_type=Model))
        return ctx.step.run("shaky", stumble, "shaky")

    player.play(modelled)
    assert seen == [Model(user=ADA)] * 2


def misload() -> list[User]:
    joined: Any = "x"
    return [ADA, replace(ADA, joined=joined)]


def wrong(ctx: durable.ContextSync) -> None:
    ctx.step.run("load", misload, output_type=list[User])


async def wrong_async(ctx: durable.Context) -> None:
    await ctx.step.run("load", misload, output_type=list[User])


def wrong_in_a_group(ctx: durable.ContextSync) -> None:
    ctx.group.parallel((lambda: wrong(ctx),))


@pytest.mark.parametrize("handler", [wrong, wrong_async, wrong_in_a_group])
def test_something_else_is_an_error_that_names_step_type_and_path(
    player: Player, handler: Handler
) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "output_unserializable"
    assert run.failure["message"] == (
        "the result of step 'load' cannot be stored as list[User]: $[1].joined: str 'x', not date."
    )
    assert run.steps.get().attempt == 0


def careful(ctx: durable.ContextSync) -> str:
    try:
        wrong(ctx)
    except durable.StepError as error:
        return error.code
    return ""


async def careful_async(ctx: durable.Context) -> str:
    try:
        await wrong_async(ctx)
    except durable.StepError as error:
        return error.code
    return ""


@sync_and_async(careful, careful_async)
def test_the_author_may_catch_that(player: Player, handler: Handler) -> None:
    assert player.play(handler).result == "output_unserializable"


def mistaken(ctx: durable.ContextSync) -> None:
    ctx.step.run("load", load, "Ada", output_type="User")


async def mistaken_async(ctx: durable.Context) -> None:
    await ctx.step.run("load", aload, "Ada", output_type="User")


@sync_and_async(mistaken, mistaken_async)
def test_a_type_that_is_none_is_refused_before_the_body_runs(
    player: Player, handler: Handler
) -> None:
    run = player.play(handler)
    assert run.failure is not None
    assert run.failure["code"] == "step_misused"
    assert run.failure["message"] == "Step 'load': output_type: 'User' is not a type."
    assert steps_of(run) == {}


def typed(ctx: durable.ContextSync) -> list[User]:
    return [ctx.step.run("load", load, "Ada", output_type=User)]


async def typed_async(ctx: durable.Context) -> list[User]:
    return [await ctx.step.run("load", load, "Ada", output_type=User)]


@sync_and_async(typed, typed_async)
def test_a_function_has_a_result_of_its_type(player: Player, handler: Handler) -> None:
    function = player.define(handler, output_type=list[User])
    run = player.settle(player.send())
    assert run.result == [STORED]
    assert run.output is not None
    assert function.value_of(run.output) == [ADA]


def test_a_function_that_returns_something_else_fails(player: Player) -> None:
    run = player.play(lambda ctx: {"name": "Ada"}, output_type=User)
    assert run.failure is not None
    assert run.failure["code"] == "output_unserializable"
    assert run.failure["message"] == (
        "the result of function 'case' cannot be stored as User: $: dict, not User."
    )


def test_a_function_without_a_type_gives_plain_values(player: Player) -> None:
    function = player.define(lambda ctx: (1, 2))
    run = player.settle(player.send())
    assert function.value_of(run.output) == [1, 2]
    assert function.value_of(None) is None


def callee_of(player: Player) -> durable.Function:
    never = durable.TriggerEvent(event="case/never")
    return player.define(lambda ctx: [ADA], fn_id="users", trigger=never, output_type=list[User])


def test_an_invoked_function_gives_a_value_of_its_type(player: Player) -> None:
    callee = callee_of(player)

    def caller(ctx: durable.ContextSync) -> str:
        seen.append(ctx.step.invoke("ask", function=callee))
        return ctx.step.run("shaky", stumble, "shaky")

    player.play(caller)
    assert seen == [[ADA], [ADA]]


def test_an_invoked_function_gives_a_value_of_its_type_to_async_code(player: Player) -> None:
    callee = callee_of(player)

    async def caller(ctx: durable.Context) -> None:
        steps = ctx.step.invoke("one", function=callee), ctx.step.invoke("two", function=callee)
        seen.append(await asyncio.gather(*steps))

    player.play(caller)
    assert seen[-1] == [[ADA], [ADA]]


def test_a_function_invoked_by_its_id_gives_a_value_of_its_type(player: Player) -> None:
    callee_of(player)
    player.play(lambda ctx: seen.append(ctx.step.invoke_by_id("ask", function_id="users")))
    assert seen == [[ADA]]
