"""The registry: what an event starts, and what becomes of an id used twice."""

from __future__ import annotations

from typing import Any

import pytest

from durable.authoring.function import Function, failure_handler
from durable.authoring.registry import Registry
from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.errors import FunctionNotFoundError

ON = TriggerEvent(event="x")


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


def listening(made: Registry, name: str) -> list[str]:
    return [one.id for _, one in made.listeners(name)]


def test_an_event_starts_the_functions_that_name_it() -> None:
    made = registry(function("a", "x"), function("b", "y"), function("c", "x"))
    assert listening(made, "x") == ["a", "c"]
    assert listening(made, "z") == []


def test_wildcards_match_too() -> None:
    made = registry(function("a", "shop/*"), function("b", "shop/order.*"), function("c", "*"))
    assert listening(made, "shop/order.paid") == ["a", "b", "c"]
    assert listening(made, "shop/cart") == ["a", "c"]
    assert listening(made, "other") == ["c"]


def test_each_trigger_of_a_function_listens() -> None:
    made = registry(function("a", "shop/paid", "shop/*", "shop/cart"))
    pairs = made.listeners("shop/paid")
    assert [trigger.event for trigger, _ in pairs] == ["shop/paid", "shop/*"]


def test_a_cron_line_is_no_event() -> None:
    cron = Function(id="a", name="a", handler=handler, triggers=(TriggerCron(cron="* * * * *"),))
    assert listening(registry(cron), "* * * * *") == []


def test_a_second_function_of_one_id_is_kept_out_and_reported() -> None:
    first, second = function("a", "x"), function("a", "y", handler=other_handler)
    made = registry(first, second)
    assert made.get("a") is first
    assert made.duplicates == [(first, second)]
    assert listening(made, "y") == []


def test_a_module_that_is_imported_twice_is_no_duplicate() -> None:
    made = registry(function("a", "x"), function("a", "x"))
    assert made.duplicates == []
    assert listening(made, "x") == ["a"]


def test_the_same_object_may_be_added_again() -> None:
    one = function("a", "x")
    made = registry(one, one)
    assert (listening(made, "x"), made.duplicates) == (["a"], [])


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
    assert (listening(made, "x"), listening(made, "w/1"), made.duplicates) == (["a"], ["a"], [])


def test_a_snapshot_is_a_copy() -> None:
    made = registry(function("a", "x"))
    snapshot = made.snapshot()
    made.restore(snapshot)
    made.add(function("b", "x"))
    made.restore(snapshot)
    assert [one.id for one in made] == ["a"]


def test_event_most_like_a_name_is_found() -> None:
    made = registry(function("a", "order/paid", "order/shipped"), function("b", "user/*"))
    assert made.nearest("order/payed") == "order/paid"
    assert made.nearest("usr/new") == "user/*"


def test_name_that_is_like_no_event_has_no_nearest() -> None:
    assert registry(function("a", "order/paid")).nearest("weather") is None
    assert registry().nearest("order/paid") is None


@pytest.mark.parametrize(
    ("pattern", "hears"),
    [
        ("*", []),
        ("durable/*", ["a"]),
        ("durable/function.*", ["a"]),
        ("durable/function.failed", ["a"]),
    ],
)
def test_a_bare_star_means_events_that_users_send(pattern: str, hears: list[str]) -> None:
    assert listening(registry(function("a", pattern)), "durable/function.failed") == hears


def test_a_handler_of_failures_is_known_and_started_by_no_event() -> None:
    failure = failure_handler("a", "A", handler, app_id="")
    made = registry(Function(id="a", name="A", handler=handler, triggers=(ON,), on_failure=failure))
    assert made.get("a-failure") is failure
    assert [one.id for one in made] == ["a", "a-failure"]
    assert listening(made, "durable/function.failed") == []


def test_a_function_with_the_id_of_a_handler_of_failures_is_a_duplicate() -> None:
    failure = failure_handler("a", "A", other_handler, app_id="")
    made = registry(
        function("a-failure", "x"),
        Function(id="a", name="A", handler=handler, triggers=(ON,), on_failure=failure),
    )
    assert [second for _, second in made.duplicates] == [failure]
