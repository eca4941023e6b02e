"""Flow control objects: each wrong field is named."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import durable
from durable.errors import ExpressionInvalidError, FunctionConfigInvalidError


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (durable.Batch, {"max_size": "10"}, "Batch: max_size must be int, not '10' (str)."),
        (durable.Batch, {"max_size": 1, "timeout": 5}, "Batch: timeout must be whole seconds"),
        (durable.Batch, {"max_size": 1, "key": 5}, "Batch: key must be str or None, not 5"),
        (durable.Cancel, {"event": None}, "Cancel: event must be str, not None"),
        (durable.Cancel, {"event": "a", "if_exp": 5}, "Cancel: if_exp must be str or None"),
        (durable.Concurrency, {"limit": 1.5}, "Concurrency: limit must be int, not 1.5"),
        (durable.Concurrency, {"limit": 1, "scope": "x"}, "Concurrency: scope must be one of"),
        (durable.Debounce, {"period": "1s"}, "Debounce: period must be int or timedelta or None"),
        (durable.Priority, {"run": 5}, "Priority: run must be str, not 5"),
        (durable.RateLimit, {"limit": True, "period": 1000}, "RateLimit: limit must be int"),
        (durable.RateLimit, {"limit": 1, "period": 1.5}, "RateLimit: period must be int"),
        (durable.Singleton, {"mode": "stop"}, "Singleton: mode must be one of"),
        (durable.Throttle, {"limit": 1, "period": 1000, "burst": "2"}, "Throttle: burst must be"),
        (durable.Timeouts, {"start": "1h"}, "Timeouts: start must be int or timedelta or None"),
        (durable.Timeouts, {"finish": -1000}, "Timeouts: finish must be whole seconds"),
    ],
)
def test_a_wrong_field_is_named(kind: Any, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        kind(**fields)
    assert str(raised.value).startswith(words)


@pytest.mark.parametrize("period", [1000, 86_400_000, timedelta(seconds=1), timedelta(days=7)])
def test_whole_seconds_are_taken(period: int | timedelta) -> None:
    assert durable.Debounce(period=period).period == period


@pytest.mark.parametrize("period", [0, 999, 1500, timedelta(milliseconds=1500), timedelta()])
def test_parts_of_a_second_are_refused(period: int | timedelta) -> None:
    with pytest.raises(FunctionConfigInvalidError, match="whole seconds, one at least"):
        durable.Debounce(period=period)


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        (
            durable.Cancel,
            {"event": "a", "if_exp": "async.x =="},
            "Cancel: if_exp: expected a value",
        ),
        (durable.Batch, {"max_size": 1, "if_exp": "1 +"}, "Batch: if_exp: expected a value"),
        (durable.Batch, {"max_size": 1, "if_exp": "async.x"}, "Batch: if_exp: async is not known"),
    ],
)
def test_a_wrong_expression_is_shown(kind: Any, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ExpressionInvalidError) as raised:
        kind(**fields)
    assert str(raised.value).startswith(words)


def test_cancel_may_compare_two_events() -> None:
    if_exp = "async.data.order == event.data.order"
    assert durable.Cancel(event="a", if_exp=if_exp).if_exp == if_exp
