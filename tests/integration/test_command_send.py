from __future__ import annotations

import json
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

import durable
from durable.authoring.registry import Registry
from durable.models import Event, Run
from durable.testing import Workflows

pytestmark = pytest.mark.django_db


def send(*args: str, **options: Any) -> str:
    out = StringIO()
    call_command("durable_send", *args, stdout=out, no_color=True, **options)
    return out.getvalue()


@pytest.fixture(autouse=True)
def listener(fresh_registry: Registry) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    for name in ("mail", "ship"):
        durable.create_function(fn_id=name, trigger=trigger)(lambda ctx: None)


def test_event_is_stored_and_its_runs_are_named() -> None:
    text = send("order/paid", "--data", '{"order": 7}')
    event = Event.objects.get()
    assert event.value == {"order": 7}
    runs = {run.function: run.pk for run in Run.objects.filter(event=event)}
    assert text.splitlines() == [
        f"event {event.pk}",
        f"run   {runs['mail']}  mail",
        f"run   {runs['ship']}  ship",
    ]


def test_quiet_prints_the_id_alone() -> None:
    assert send("order/paid", verbosity=0) == f"{Event.objects.get().pk}\n"


def test_event_that_nobody_listens_to_is_stored_and_says_so() -> None:
    assert "No function listens to 'order/pad' (did you mean 'order/paid'?)" in send("order/pad")
    assert Event.objects.get().name == "order/pad"


def test_event_that_was_sent_before_anybody_listened_is_not_taken_for_a_typing_error() -> None:
    send("order/late", "--id=evt-1")
    durable.create_function(fn_id="late", trigger=durable.TriggerEvent(event="order/late"))(
        lambda ctx: None
    )
    assert "No function listens to 'order/late': the event" in send("order/late", "--id=evt-1")


def test_event_that_no_expression_wants_says_so() -> None:
    trigger = durable.TriggerEvent(event="order/big", expression="event.data.total > 100")
    durable.create_function(fn_id="big", trigger=trigger)(lambda ctx: None)
    said = send("order/big", "--data", '{"total": 7}')
    assert "No expression of the functions that listen to 'order/big' holds for it" in said


def test_id_has_an_event_count_once() -> None:
    first = send("order/paid", "--id=evt-1").splitlines()
    again = send("order/paid", "--id=evt-1").splitlines()
    assert again == [first[0], "It was sent before; these are its runs.", *first[1:]]
    assert Run.objects.count() == 2


def test_data_may_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO('{"order": 8}'))
    send("order/paid", "--data=-")
    assert Event.objects.get().value == {"order": 8}


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["a", "--data={'x': 1}"], "--data is not JSON"),
        (["a", "--data="], "--data is not JSON"),
        (["a", "--data=" + "[" * 100_000], "--data is not JSON"),
        (["a", "--data=[1]"], "data must be a dict, not list"),
        (["a", '--data={"x": NaN}'], r"data cannot be stored as JSON: \$.x"),
        (["durable/x"], "name 'durable/x' starts with a reserved prefix"),
        ([""], "name must not be empty"),
        (["a" * 257], "name has 257 characters"),
        (["a", "--id=" + "b" * 257], "id has 257 characters"),
        (["a", "--data=" + json.dumps({"x": "y" * 4_000_000})], "MAX_EVENT_BYTES"),
    ],
)
def test_wrong_events_are_clear_errors_and_store_nothing(
    arguments: list[str], complaint: str
) -> None:
    with pytest.raises(CommandError, match=complaint):
        send(*arguments)
    assert not Event.objects.exists()


def test_event_that_runs_wait_for_is_not_taken_for_a_typing_error(workflows: Workflows) -> None:
    @durable.create_function(fn_id="order", trigger=durable.TriggerEvent(event="order/placed"))
    def order(ctx: durable.ContextSync) -> None:
        ctx.step.wait_for_event("shipped", event="order/shipped", timeout="1d")

    workflows.run(order, {})
    assert send("order/shipped").splitlines()[1:] == [
        "It started nothing. Runs wait for events of its name: whom it fits gets it."
    ]
