"""What a body is called with is kept for people to read, or why it is not."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from functools import partial, wraps
from typing import Any

import pytest
from django.test import override_settings

import durable
from durable import codec
from durable.engine import pace
from durable.playback.given import given
from durable.playback.request import ParallelMode, Request, Work
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


def charge(order: int, card_token: str = "", *more_tokens: str) -> int:
    return order


class Till:
    def charge(self, order: int, card_token: str) -> int:
        return order

    def __call__(self, order: int, card_token: str) -> int:
        return order


class Receipt:
    def __init__(self, order: int, card_token: str) -> None:
        self.order = order


def decorated(call: Any) -> Any:
    @wraps(call)
    def inner(*args: Any) -> Any:
        return call(*args)

    return inner


async def charge_later(order: int, card_token: str) -> int:
    return order


@pytest.mark.parametrize(
    ("body", "args", "said"),
    [
        (charge, (7, "tok_1"), [7, "[hidden]"]),
        (charge, (7,), [7]),
        (charge, (7, "a", "b", "c"), [7, "[hidden]", "[hidden]", "[hidden]"]),
        (partial(charge, 7), ("tok_1",), ["[hidden]"]),
        (partial(partial(charge), 7), ("tok_1",), ["[hidden]"]),
        (Till().charge, (7, "tok_1"), [7, "[hidden]"]),
        (Till(), (7, "tok_1"), [7, "[hidden]"]),
        (Receipt, (7, "tok_1"), [7, "[hidden]"]),
        (decorated(charge), (7, "tok_1"), [7, "[hidden]"]),
        (decorated(Till().charge), (7, "tok_1"), [7, "[hidden]"]),
        (charge, (7, object()), [7, "[hidden]"]),
        (charge, (7, "x" * 5000), [7, "[hidden]"]),
        (max, (1, 2), [1, 2]),
        (str, (1,), [1]),
    ],
)
def test_arguments_are_hidden_whose_parameters_have_the_names_of_secrets(
    body: Any, args: tuple[Any, ...], said: Any
) -> None:
    assert codec.decode(given(asked(body, *args)) or "") == said


def test_the_patterns_are_those_of_the_site() -> None:
    with override_settings(DURABLE={"REDACT": ["order"]}):
        assert given(asked(charge, 7, "tok_1")) == '["[hidden]","tok_1"]'
    assert given(asked(charge, 7, "tok_1")) == '[7,"[hidden]"]'


def test_a_body_that_cannot_be_looked_at_hides_nothing_and_does_no_harm() -> None:
    class Strange:
        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError("no")

        def __call__(self, card_token: str) -> None:
            pass

    assert given(asked(Strange(), "seen")) == '["seen"]'


def asked(body: Any, *args: Any) -> Request:
    return Request(
        key="k", name="step", index=0, branch="", mode=ParallelMode.WAIT, what=Work(body, args)
    )


def test_the_step_is_called_with_what_its_row_hides(player: Player) -> None:
    run = player.play(lambda ctx: ctx.step.run("pay", lambda token: token + "!", "tok"))
    assert (run.steps.get().given, run.result) == ('["[hidden]"]', "tok!")


def test_items_of_a_map_are_hidden_by_the_name_of_its_parameter(player: Player) -> None:
    run = player.play(
        lambda ctx: ctx.group.map("pay", lambda token: len(token), ["a", "b"], size=2)
    )
    assert run.steps.get().given == '[0,"[hidden]"]'


def test_async_steps_hide_them_too(player: Player) -> None:
    async def one(ctx: durable.Context) -> None:
        await ctx.step.run("pay", charge_later, 7, "tok_1")

    assert player.play(one).steps.get().given == '[7,"[hidden]"]'
