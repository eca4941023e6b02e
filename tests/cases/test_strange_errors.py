"""Whatever is raised, what is kept of it can be stored, and the run does not get stuck."""

from __future__ import annotations

import pytest

import durable
from tests.harness import Handler, Player, journal, note, sync_and_async


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise TypeError("no words")


class Exit(BaseException):
    """Neither an error nor one of Python's own exits."""


ERRORS: dict[str, BaseException] = {
    "NUL": ValueError("a\0b"),
    "surrogate": ValueError("a\ud800b"),
    "long": ValueError("x" * 2_000_000),
    "unspeakable": Unspeakable(),
    "exit": SystemExit(3),
    "own exit": Exit("leaving"),
    "stop": StopIteration("over"),
    "async stop": StopAsyncIteration("over"),
    "group": ExceptionGroup("several", [ValueError("one"), KeyError("two")]),
    "no message": ValueError(),
    "not a text": ValueError({"a": 1}, 2),
}


def throw(name: str) -> None:
    note("body")
    raise ERRORS[name]


async def athrow(name: str) -> None:
    throw(name)


def in_a_step(ctx: durable.ContextSync) -> None:
    ctx.step.run("bad", throw, ctx.event.data["error"])


async def in_an_async_step(ctx: durable.Context) -> None:
    await ctx.step.run("bad", athrow, ctx.event.data["error"])


def in_a_group(ctx: durable.ContextSync) -> None:
    ctx.group.parallel((lambda: ctx.step.run("bad", throw, ctx.event.data["error"]),))


def in_the_code(ctx: durable.ContextSync) -> None:
    throw(ctx.event.data["error"])


async def in_async_code(ctx: durable.Context) -> None:
    throw(ctx.event.data["error"])


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize(
    "handler", [in_a_step, in_an_async_step, in_a_group, in_the_code, in_async_code]
)
def test_the_run_fails_with_it_after_all_tries(
    player: Player, handler: Handler, error: str
) -> None:
    run = player.play(handler, {"error": error}, retries=1)
    assert run.status == "failed"
    assert run.failure is not None
    assert run.failure["name"] in (type(ERRORS[error]).__name__, "RuntimeError")
    assert journal == ["body", "body"]


@sync_and_async(in_a_step, in_an_async_step)
def test_what_no_database_takes_is_made_visible(player: Player, handler: Handler) -> None:
    run = player.play(handler, {"error": "NUL"}, retries=0)
    assert run.failure is not None
    assert run.failure["message"] == "a\\x00b"
    assert "ValueError: a\\x00b" in run.failure["stack"]


def test_a_lone_surrogate_is_made_visible(player: Player) -> None:
    run = player.play(in_a_step, {"error": "surrogate"}, retries=0)
    assert run.failure is not None
    assert run.failure["message"] == "a\\ud800b"


def test_a_long_message_is_shortened(player: Player) -> None:
    run = player.play(in_a_step, {"error": "long"}, retries=0)
    assert run.failure is not None
    assert len(run.failure["message"]) < 20_000
    assert run.failure["message"].endswith(" …")
