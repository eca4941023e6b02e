"""The registry: what an event starts, and what becomes of an id used twice."""

from __future__ import annotations

from typing import Any

import pytest

from durable.authoring.function import Function
from durable.authoring.registry import Registry
from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.errors import FunctionNotFoundError


def handler(ctx: Any) -> None: ...


def other_handler(ctx: Any) -> None: ...


def function(id: str, *events: str, handler: Any = handler) -> Function:
    triggers = tuple(TriggerEvent(event=event) for event in events)
    return Function(id=id, name=id, handler=handler, triggers=triggers)


def registry(*functions: Function) -> Registry:
    made = Registry()
    for one in functions:
        made.add(one)
    return made


def started(made: Registry, name: str) -> list[str]:
    return [one.id for one in made.started_by(name)]


def test_an_event_starts_the_functions_that_name_it() -> None:
    made = registry(function("a", "x"), function("b", "y"), function("c", "x"))
    assert started(made, "x") == ["a", "c"]
    assert started(made, "z") == []


def test_wildcards_match_too() -> None:
    made = registry(function("a", "shop/*"), function("b", "shop/order.*"), function("c", "*"))
    assert started(made, "shop/order.paid") == ["a", "b", "c"]
    assert started(made, "shop/cart") == ["a", "c"]
    assert started(made, "other") == ["c"]


def test_each_function_is_started_once() -> None:
    made = registry(function("a", "shop/paid", "shop/*", "*", "shop/paid"))
    assert started(made, "shop/paid") == ["a"]


def test_a_cron_line_is_no_event() -> None:
    cron = Function(id="a", name="a", handler=handler, triggers=(TriggerCron(cron="* * * * *"),))
    assert started(registry(cron), "* * * * *") == []


def test_a_second_function_of_one_id_is_kept_out_and_reported() -> None:
    first, second = function("a", "x"), function("a", "y", handler=other_handler)
    made = registry(first, second)
    assert made.get("a") is first
    assert made.duplicates == [(first, second)]
    assert started(made, "y") == []


def test_a_module_that_is_imported_twice_is_no_duplicate() -> None:
    made = registry(function("a", "x"), function("a", "x"))
    assert made.duplicates == []
    assert started(made, "x") == ["a"]


def test_the_same_object_may_be_added_again() -> None:
    one = function("a", "x")
    made = registry(one, one)
    assert (started(made, "x"), made.duplicates) == (["a"], [])


def test_an_unknown_id_is_named() -> None:
    with pytest.raises(FunctionNotFoundError, match="No function 'gone' is registered"):
        registry(function("a", "x")).get("gone")


def test_a_snapshot_can_be_restored() -> None:
    made = registry(function("a", "x", "w/*"))
    snapshot = made.snapshot()
    made.add(function("b", "x", "w/*"))
    made.add(function("a", "z", handler=other_handler))
    made.restore(snapshot)
    assert [one.id for one in made] == ["a"]
    assert (started(made, "x"), started(made, "w/1"), made.duplicates) == (["a"], ["a"], [])


def test_a_snapshot_is_a_copy() -> None:
    made = registry(function("a", "x"))
    snapshot = made.snapshot()
    made.restore(snapshot)
    made.add(function("b", "x"))
    made.restore(snapshot)
    assert [one.id for one in made] == ["a"]
