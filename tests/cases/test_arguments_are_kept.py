"""What a body is called with is kept for people to read, or why it is not."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

import durable
from durable import codec
from durable.engine import pace
from tests.harness import Player, give, say, stumble


def kept(player: Player, *args: Any) -> Any:
    """Return what is kept of a step that is called with these."""

    def one(ctx: durable.ContextSync) -> None:
        ctx.step.run("step", lambda *given: len(given), *args)

    text = player.play(one).steps.get().given
    return None if text is None else codec.decode(text)


def test_arguments_are_a_list(player: Player) -> None:
    assert kept(player, "a", 2, {"b": [None, True]}) == ["a", 2, {"b": [None, True]}]


def test_a_step_without_has_none(player: Player) -> None:
    assert kept(player) is None


@pytest.mark.parametrize("strange", [Decimal(1), object(), {1: 2}, float("nan"), "\0"])
def test_what_is_no_json_is_not_kept_and_the_step_runs(player: Player, strange: Any) -> None:
    assert "cannot be stored as JSON" in kept(player, strange)["not kept"]


def test_an_argument_that_cannot_even_be_looked_at_does_no_harm(player: Player) -> None:
    class Mine(dict[str, int]):
        def items(self) -> Any:
            raise RuntimeError("no")

        def __len__(self) -> int:
            raise RuntimeError("no")

    assert list(kept(player, Mine(a=1))) == ["not kept"]


@pytest.mark.parametrize("long", ["x" * 5000, list(range(3000)), [["y" * 99] * 99]])
def test_what_is_long_is_not_kept(player: Player, long: Any) -> None:
    assert kept(player, long) == {"not kept": "They are longer than 4,096 bytes."}


def test_they_are_as_they_were_before_the_body_changed_them(player: Player) -> None:
    def one(ctx: durable.ContextSync) -> None:
        ctx.step.run("clear", lambda given: given.clear(), [1])

    assert player.play(one).steps.get().given == "[[1]]"


def test_they_are_kept_with_planned_steps_and_async_ones_too(player: Player) -> None:
    def planned(ctx: durable.ContextSync) -> None:
        ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in "ab"))

    async def body(mark: str) -> str:
        return mark

    async def asynchronous(ctx: durable.Context) -> None:
        await asyncio.gather(ctx.step.run("x", body, "x"), ctx.step.run("y", say, "y"))

    found = dict(play(player, planned).steps.values_list("name", "given"))
    assert found == {"a": '["a"]', "b": '["b"]'}
    found = dict(play(player, asynchronous).steps.values_list("name", "given"))
    assert found == {"x": '["x"]', "y": '["y"]'}


def test_they_are_kept_of_quick_steps_that_are_written_once(player: Player) -> None:
    def quick(ctx: durable.ContextSync) -> None:
        ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in "ab"))
        ctx.group.parallel(tuple(partial(ctx.step.run, name, say, name) for name in "xy"))

    pace.learn(say, 0.0)
    found = play(player, quick).steps.values_list("name", "given", "group", "planned")
    assert sorted(found) == [
        ("a", '["a"]', None, None),
        ("b", '["b"]', None, None),
        ("x", '["x"]', "1", None),
        ("y", '["y"]', "1", None),
    ]


def play(player: Player, handler: Any) -> Any:
    """Play one of several functions."""
    trigger = durable.TriggerEvent(event=handler.__name__)
    player.define(handler, fn_id=handler.__name__, trigger=trigger)
    return player.settle(player.send(name=handler.__name__))


def test_a_step_that_is_tried_again_keeps_them(player: Player) -> None:
    run = player.play(lambda ctx: ctx.step.run("shaky", stumble, "shaky", 2))
    assert run.steps.get().given == '["shaky",2]'


def test_what_durable_calls_by_itself_keeps_none(player: Player) -> None:
    run = player.play(lambda ctx: ctx.step.send_event("tell", durable.Event(name="told")))
    assert run.steps.get().given is None


def test_a_failed_step_keeps_them(player: Player) -> None:
    run = player.play(lambda ctx: ctx.step.run("step", give, "only one"), retries=0)
    assert (run.status, run.steps.get().given) == ("failed", '["only one"]')
