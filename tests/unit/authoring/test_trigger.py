"""Triggers: which names match, and which triggers are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from durable.authoring.trigger import TriggerCron, TriggerEvent
from durable.errors import FunctionConfigInvalidError


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("shop/order.paid", "shop/order.paid", True),
        ("shop/order.paid", "shop/order.paid.late", False),
        ("shop/order.paid", "Shop/order.paid", False),
        ("shop/*", "shop/order.paid", True),
        ("shop/*", "shop/a/b/c", True),
        ("shop/*", "shop/", True),
        ("shop/*", "shop", False),
        ("shop/*", "myshop/a", False),
        ("shop/order.*", "shop/order.paid", True),
        ("shop/order.*", "shop/order", False),
        ("shop/order.*", "shop/orders", False),
        ("*", "anything at all", True),
    ],
)
def test_a_trigger_matches_by_name(pattern: str, name: str, matches: bool) -> None:
    assert TriggerEvent(event=pattern).matches(name) is matches


@pytest.mark.parametrize("event", ["a*", "a/b*", "*/a", "a/*/b", "a/**", "a.*.b", "**"])
def test_a_star_stands_last_and_behind_a_mark(event: str) -> None:
    with pytest.raises(FunctionConfigInvalidError, match="may hold one \\*, as its last character"):
        TriggerEvent(event=event)


@pytest.mark.parametrize("event", ["", "x" * 257])
def test_a_name_has_a_length(event: str) -> None:
    with pytest.raises(FunctionConfigInvalidError, match="event must have 1 to 256 characters"):
        TriggerEvent(event=event)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (TriggerEvent, {"event": 5}, "TriggerEvent: event must be str, not 5 (int)."),
        (TriggerEvent, {"event": None}, "TriggerEvent: event must be str, not None (NoneType)."),
        (
            TriggerEvent,
            {"event": "a", "expression": 5},
            "TriggerEvent: expression must be str or None, not 5 (int).",
        ),
        (TriggerCron, {"cron": 5}, "TriggerCron: cron must be str, not 5 (int)."),
        (
            TriggerCron,
            {"cron": "* * * * *", "jitter": 5.0},
            "TriggerCron: jitter must be str or int or timedelta or None, not 5.0 (float).",
        ),
    ],
)
def test_a_field_of_the_wrong_type_is_named(kind: Any, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        kind(**fields)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("jitter", "seconds"),
    [
        (None, 0),
        ("1s", 1),
        ("30s", 30),
        ("5m", 300),
        ("1m30s", 90),
        (1500, 1.5),
        (timedelta(minutes=2), 120),
    ],
)
def test_jitter_is_a_length_of_time(jitter: Any, seconds: float) -> None:
    assert TriggerCron(cron="@daily", jitter=jitter).longest_delay == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "jitter",
    ["", "0s", "301s", "6m", "5", "1.5s", "-1s", "1h", " 1s", 999, -1, 10**40, timedelta()],
)
def test_a_jitter_that_is_not_from_a_second_to_five_minutes_is_refused(jitter: Any) -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        TriggerCron(cron="@daily", jitter=jitter)
    assert 'jitter must be from "1s" to "5m"' in str(raised.value)
    assert repr(jitter) in str(raised.value)


def test_a_wrong_cron_line_is_refused_with_the_reason() -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        TriggerCron(cron="0 0 30 2 *")
    assert str(raised.value) == (
        "TriggerCron: cron '0 0 30 2 *' never comes: there is no such day."
    )
