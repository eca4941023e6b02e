"""A trigger with an expression starts its function only on events of which it is true."""

from __future__ import annotations

import logging
from typing import Any

import pytest

import durable
from durable.errors import ExpressionInvalidError
from durable.models import Event, Run
from tests.harness import EVENT, Player


def handler(ctx: durable.ContextSync) -> Any:
    return ctx.event.data


def when(expression: str, event: str = EVENT) -> durable.TriggerEvent:
    return durable.TriggerEvent(event=event, expression=expression)


def send(**fields: Any) -> None:
    durable.send(durable.Event(**{"name": EVENT, **fields}))


def test_the_event_starts_the_function_if_it_is_true(player: Player) -> None:
    player.define(handler, trigger=when("event.data.amount > 100"))
    run = player.settle(player.send({"amount": 150}))
    assert run.result == {"amount": 150}


@pytest.mark.parametrize("data", [{"amount": 50}, {"amount": "150"}, {}, None])
def test_the_event_starts_nothing_if_it_is_not(player: Player, data: Any) -> None:
    player.define(handler, trigger=when("event.data.amount > 100"))
    send(data=data)
    assert (Event.objects.count(), Run.objects.count()) == (1, 0)


def test_it_sees_what_the_function_will_see(player: Player) -> None:
    seen = f'event.name == "{EVENT}" && event.id == "evt-1" && event.ts == 1700000000123'
    player.define(handler, trigger=when(f"{seen} && event.data.pair == [1, 2]"))
    send(id="evt-1", ts=1_700_000_000_123, data={"pair": (1, 2)})
    assert Run.objects.count() == 1


def test_several_that_are_true_start_one_run(player: Player) -> None:
    triggers = [when("event.data.n > 1"), when("event.data.n > 2"), when("true", "case/*")]
    player.define(handler, trigger=triggers)
    send(data={"n": 3})
    assert Run.objects.count() == 1


def test_one_of_several_is_enough(player: Player) -> None:
    player.define(handler, trigger=[when("event.data.n > 1"), when("event.data.n < 0")])
    send(data={"n": -1})
    assert Run.objects.count() == 1


def test_each_function_decides_for_itself(player: Player) -> None:
    player.define(handler, fn_id="small", trigger=when("event.data.n < 10"))
    player.define(handler, fn_id="big", trigger=when("event.data.n >= 10"))
    player.define(handler, fn_id="all")
    send(data={"n": 3})
    assert set(Run.objects.values_list("function", flat=True)) == {"small", "all"}


def test_an_event_that_is_not_wanted_is_no_typing_error(
    player: Player,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    caplog.set_level(logging.INFO, logger="durable")
    player.define(handler, trigger=when("false"))
    with django_capture_on_commit_callbacks(execute=True):
        send()
    assert caplog.messages == []


def test_one_that_costs_too_much_is_false_and_told(
    player: Player,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    player.define(handler, fn_id="dear", trigger=when("-1 in event.data.ids"))
    player.define(handler, fn_id="cheap")
    with django_capture_on_commit_callbacks(execute=True):
        send(data={"ids": list(range(100_001))})
    assert Run.objects.get().function == "cheap"
    assert "dear: was not started by 'case/started'" in caplog.text


def test_one_that_cannot_be_read_is_refused_with_its_function(player: Player) -> None:
    with pytest.raises(ExpressionInvalidError) as raised:
        player.define(handler, trigger=when("event.data.amount >"))
    assert str(raised.value) == (
        "function 'case': TriggerEvent(event='case/started'): expression: "
        "expected a value, found the end, at character 20:\n"
        "    event.data.amount >\n"
        "                       ^"
    )


def test_one_about_another_event_is_refused(player: Player) -> None:
    with pytest.raises(ExpressionInvalidError, match="async is not known, only event"):
        player.define(handler, trigger=when("async.data.amount > 1"))
