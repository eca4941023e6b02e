"""create_function: each wrong argument is named, with the function."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest

import durable
from durable.authoring.registry import Registry
from durable.errors import FunctionConfigInvalidError

EVENT = durable.TriggerEvent(event="unit/started")

pytestmark = pytest.mark.usefixtures("fresh_registry")


def handler(ctx: durable.ContextSync) -> None: ...


async def async_handler(ctx: durable.Context) -> None: ...


class Awaitable:
    async def __call__(self, ctx: durable.Context) -> None: ...


class Workflows:
    def method(self, ctx: durable.ContextSync) -> None: ...


def make(handler: Any = handler, **arguments: Any) -> durable.Function:
    given = {"fn_id": "unit", "trigger": EVENT, **arguments}
    return durable.create_function(**given)(handler)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"fn_id": 5}, "function 5: fn_id must be str, not 5 (int)."),
        ({"fn_id": ""}, "fn_id must be lower-case letters, digits, dots, dashes or underscores."),
        ({"fn_id": "Has Space"}, "function 'Has Space': fn_id must be lower-case letters"),
        ({"fn_id": "x" * 201}, "fn_id must be"),
        ({"fn_id": "a\n"}, "fn_id must be"),
        ({"name": 5}, "function 'unit': name must be str, not 5 (int)."),
        ({"retries": "3"}, "function 'unit': retries must be int or None, not '3' (str)."),
        ({"retries": 3.0}, "function 'unit': retries must be int or None, not 3.0 (float)."),
        ({"retries": True}, "function 'unit': retries must be int or None, not True (bool)."),
        ({"retries": -1}, "function 'unit': retries must be from 0 to 20, not -1."),
        ({"retries": 21}, "function 'unit': retries must be from 0 to 20, not 21."),
        ({"threads": "4"}, "function 'unit': threads must be int, not '4' (str)."),
        ({"threads": 0}, "function 'unit': threads must be from 1 to 256, not 0."),
        ({"threads": 257}, "function 'unit': threads must be from 1 to 256, not 257."),
        ({"strict": 1}, "function 'unit': strict must be bool or None, not 1 (int)."),
        (
            {"parallel_mode": "race"},
            "function 'unit': parallel_mode must be ParallelMode or None, not 'race' (str).",
        ),
        (
            {"trigger": "unit/started"},
            "function 'unit': trigger must be TriggerEvent or TriggerCron, not 'unit/started'",
        ),
        ({"trigger": None}, "trigger must be TriggerEvent or TriggerCron, not None (NoneType)."),
        ({"trigger": [EVENT, 5]}, "trigger must be TriggerEvent or TriggerCron, not 5 (int)."),
        ({"trigger": {EVENT}}, "trigger must be TriggerEvent or TriggerCron"),
        ({"output_type": 5}, "function 'unit': output_type: 5 is not a type."),
        ({"output_type": dict[int, str]}, "function 'unit': output_type: Keys of a dict are text"),
        ({"trigger": []}, "function 'unit': a function has 1 to 10 triggers, not 0."),
        ({"trigger": [EVENT] * 11}, "function 'unit': a function has 1 to 10 triggers, not 11."),
    ],
)
def test_a_wrong_argument_is_named_with_its_function(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        make(**arguments)
    assert words in str(raised.value)


def no_parameter() -> None: ...


def three_parameters(ctx: Any, step: Any, more: Any) -> None: ...


def required_keyword(ctx: Any, *, flag: bool) -> None: ...


def generator(ctx: Any) -> Iterator[int]:
    yield 1


async def async_generator(ctx: Any) -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (5, "the handler is not a function."),
        (None, "the handler is not a function."),
        (no_parameter, "the handler takes one parameter, the context (or two: ctx, step)."),
        (three_parameters, "the handler takes one parameter"),
        (required_keyword, "the handler takes one parameter"),
        (dict, "the handler"),
        (generator, "the handler must not be a generator."),
        (async_generator, "the handler must not be a generator."),
    ],
)
def test_a_wrong_handler_is_said(wrong: Any, words: str) -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        make(wrong)
    assert str(raised.value).startswith("function 'unit': ")
    assert words in str(raised.value)


def test_a_wrong_function_is_not_registered(fresh_registry: Registry) -> None:
    with pytest.raises(FunctionConfigInvalidError):
        make(retries="3")
    assert list(fresh_registry) == []


@pytest.mark.parametrize(
    ("given", "is_async"),
    [
        (handler, False),
        (async_handler, True),
        (partial(async_handler), True),
        (partial(handler), False),
        (Awaitable(), True),
        (Workflows().method, False),
        (lambda ctx: None, False),
    ],
)
def test_it_knows_whether_its_handler_is_awaited(given: Callable[..., Any], is_async: bool) -> None:
    assert make(given).is_async is is_async


@pytest.mark.parametrize(
    ("given", "takes_step"),
    [
        (handler, False),
        (Workflows().method, False),
        (lambda ctx, step: None, True),
        (lambda ctx, extra=1: None, False),
        (partial(lambda first, ctx: None, 1), False),
    ],
)
def test_it_knows_the_older_spelling(given: Callable[..., Any], takes_step: bool) -> None:
    assert make(given).takes_step is takes_step


def test_its_name_is_its_id_unless_given() -> None:
    assert make().name == "unit"
    assert make(fn_id="other", name="Sign up").name == "Sign up"


def test_a_clients_app_goes_in_front_of_the_id() -> None:
    client = durable.Client(app_id="shop")
    made = client.create_function(fn_id="order", trigger=EVENT)(handler)
    assert made.id == "shop-order"


def test_a_client_does_not_make_a_number_an_id() -> None:
    client = durable.Client(app_id="shop")
    with pytest.raises(FunctionConfigInvalidError, match="fn_id must be str, not 5"):
        client.create_function(fn_id=5, trigger=EVENT)(handler)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"app_id": 5}, "Client: app_id must be str, not 5 (int)."),
        ({"parallel_mode": "race"}, "Client: parallel_mode must be ParallelMode or None"),
    ],
)
def test_a_wrong_argument_of_a_client_is_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(FunctionConfigInvalidError) as raised:
        durable.Client(**arguments)
    assert words in str(raised.value)


def test_every_argument_of_the_reference_is_accepted() -> None:
    made = make(
        batch_events=durable.Batch(max_size=10),
        cancel=[durable.Cancel(event="unit/stopped")],
        concurrency=[durable.Concurrency(limit=1)],
        debounce=durable.Debounce(period=1000),
        idempotency="event.data.id",
        priority=durable.Priority(run="1"),
        rate_limit=durable.RateLimit(limit=1, period=1000),
        singleton=durable.Singleton(mode="skip"),
        throttle=durable.Throttle(limit=1, period=1000),
        timeouts=durable.Timeouts(start=1000),
        on_failure=handler,
        middleware=[],
    )
    assert len(made.later) == 8
    assert made.on_failure is not None


def test_an_example_of_an_event_must_be_a_dict() -> None:
    with pytest.raises(FunctionConfigInvalidError, match="TriggerEvent: example must be dict"):
        durable.TriggerEvent(event="unit/started", example=[1])  # type: ignore[arg-type]
