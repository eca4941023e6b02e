"""One call of a function: what is remembered is handed out, what is not runs."""

from __future__ import annotations

from typing import Any

import pytest

import durable
from durable.errors import StepError
from durable.playback.interrupt import Parked, Stepped
from durable.playback.outcome import Finished, Interrupted, Raised
from tests.unit.playback.performer import Handler, MemoryPerformer, call, done, failed

ran: list[str] = []


def body(mark: str) -> str:
    ran.append(mark)
    return mark


async def abody(mark: str) -> str:
    return body(mark)


def fail() -> None:
    ran.append("fail")
    raise ValueError("no luck")


def two(ctx: durable.ContextSync) -> list[Any]:
    return [ctx.step.run("a", body, "a"), ctx.step.run("b", body, "b")]


async def two_async(ctx: durable.Context) -> list[Any]:
    return [await ctx.step.run("a", abody, "a"), await ctx.step.run("b", abody, "b")]


def shaky(ctx: durable.ContextSync) -> Any:
    ctx.step.run("shaky", fail)


async def shaky_async(ctx: durable.Context) -> Any:
    await ctx.step.run("shaky", fail)


both = pytest.mark.parametrize("handler", [two, two_async])
both_shaky = pytest.mark.parametrize("handler", [shaky, shaky_async])


@pytest.fixture(autouse=True)
def fresh() -> None:
    ran.clear()


@both
def test_the_first_call_runs_every_body(handler: Handler) -> None:
    performer = MemoryPerformer()
    assert call(handler, performer=performer) == Finished(["a", "b"])
    assert ran == ["a", "b"]
    assert performer.recorded == [["a"], ["b"]]


@both
def test_what_is_remembered_does_not_run(handler: Handler) -> None:
    assert call(handler, done("a", "old a")) == Finished(["old a", "b"])
    assert ran == ["b"]


@both
def test_when_all_is_remembered_nothing_runs(handler: Handler) -> None:
    performer = MemoryPerformer()
    outcome = call(handler, done("b", 2), done("a", 1), performer=performer)
    assert (outcome, ran, performer.recorded) == (Finished([1, 2]), [], [])


@both
def test_memos_nobody_asks_for_are_ignored(handler: Handler) -> None:
    assert call(handler, done("removed", 1), done("a", index=1)) == Finished(["a", "b"])


@both
def test_a_result_is_seen_as_json_gives_it(handler: Handler) -> None:
    assert call(handler, done("a", (1, (2,)))) == Finished([[1, [2]], "b"])


@both
def test_a_remembered_failure_is_raised(handler: Handler) -> None:
    outcome = call(handler, failed("a", ValueError("no luck")))
    assert isinstance(outcome, Raised)
    assert (outcome.failure.name, outcome.failure.message) == ("ValueError", "no luck")
    assert outcome.failure.is_retriable is False
    assert ran == []


@both_shaky
def test_a_body_that_fails_for_good_raises_a_step_error(handler: Handler) -> None:
    outcome = call(handler)
    assert isinstance(outcome, Raised)
    assert (outcome.failure.code, outcome.failure.name) == ("step_errored", "ValueError")


@both_shaky
def test_a_body_that_may_be_tried_again_parks_the_call(handler: Handler) -> None:
    outcome = call(handler, performer=MemoryPerformer(retries=3))
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Parked)
    assert outcome.signal.retry_in == 15.0


@both_shaky
def test_a_step_whose_time_has_not_come_does_not_run(handler: Handler) -> None:
    key = done("shaky").key
    outcome = call(handler, tries={key: 1}, waits={key: 7.0})
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Parked)
    assert outcome.signal.retry_in == 7.0
    assert ran == []


@both
def test_in_strict_mode_a_call_ends_after_one_step(handler: Handler) -> None:
    outcome = call(handler, done("a"), strict=True)
    assert isinstance(outcome, Interrupted)
    assert isinstance(outcome.signal, Stepped)
    assert ran == ["b"]


@both
def test_in_strict_mode_the_last_call_returns(handler: Handler) -> None:
    assert call(handler, done("a", 1), done("b", 2), strict=True) == Finished([1, 2])


@both
def test_a_limit_ends_the_call(handler: Handler) -> None:
    outcome = call(handler, performer=MemoryPerformer(most=1))
    assert isinstance(outcome, Raised)
    assert outcome.failure.code == "limit_exceeded"
    assert ran == ["a"]


def caught(ctx: durable.ContextSync) -> str:
    try:
        ctx.step.run("a", body, "a")
    except StepError as error:
        return ctx.step.run("b", body, error.message)
    return ""


async def caught_async(ctx: durable.Context) -> str:
    try:
        await ctx.step.run("a", abody, "a")
    except StepError as error:
        return await ctx.step.run("b", abody, error.message)
    return ""


@pytest.mark.parametrize("handler", [caught, caught_async])
def test_a_failure_that_is_caught_lets_the_call_go_on(handler: Handler) -> None:
    assert call(handler, failed("a", ValueError("no luck"))) == Finished("no luck")


def raises(ctx: durable.ContextSync) -> None:
    ctx.step.run("a", body, "a")
    raise KeyError("code")


async def raises_async(ctx: durable.Context) -> None:
    await ctx.step.run("a", abody, "a")
    raise KeyError("code")


@pytest.mark.parametrize("handler", [raises, raises_async])
def test_an_error_of_the_code_is_the_outcome(handler: Handler) -> None:
    outcome = call(handler)
    assert isinstance(outcome, Raised)
    assert (outcome.failure.code, outcome.failure.name) == ("unknown", "KeyError")
    assert outcome.failure.is_retriable is True


def interrupted_by_hand(ctx: durable.ContextSync) -> None:
    raise KeyboardInterrupt


def test_somebody_at_the_keyboard_gets_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        call(interrupted_by_hand)
