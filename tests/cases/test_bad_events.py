"""Events that cannot be accepted: the error names the event and the field, and nothing is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

import durable
from durable.models import Event, Run
from tests.harness import EVENT, Player, say

GOOD = durable.Event(name=EVENT)


def listener(ctx: durable.ContextSync) -> str:
    return say("function")


def event(**fields: Any) -> durable.Event:
    return durable.Event(**{"name": EVENT, **fields})


@pytest.mark.parametrize(
    ("bad", "field", "words"),
    [
        (event(name=""), "name", "events[1]: name must not be empty"),
        (event(name="  "), "name", "events[1]: name must not be empty"),
        (event(name=5), "name", "events[1]: name must be a string, not int"),
        (event(name="x" * 257), "name", "events[1]: name has 257 characters; the most is 256"),
        (event(name="a\0b"), "name", "events[1]: name holds a NUL character or a lone surrogate"),
        (event(name="durable/run.failed"), "name", "starts with a reserved prefix"),
        (event(name="inngest/function.failed"), "name", "starts with a reserved prefix"),
        (event(id=5), "id", "events[1]: id must be a string, not int"),
        (event(id="x" * 257), "id", "events[1]: id has 257 characters; the most is 256"),
        (event(id="\ud800"), "id", "events[1]: id holds a NUL character or a lone surrogate"),
        (event(data=[1]), "data", "events[1]: data must be a dict, not list"),
        (event(data="x"), "data", "events[1]: data must be a dict, not str"),
        (event(ts="now"), "ts", "events[1]: ts must be milliseconds since 1970 as an int"),
        (event(ts=1.5), "ts", "events[1]: ts must be milliseconds since 1970 as an int"),
        (event(ts=True), "ts", "events[1]: ts must be milliseconds since 1970 as an int"),
        (event(ts=-1), "ts", "events[1]: ts -1 is not between 1980 and 2100"),
        (event(ts=1_700_000_000), "ts", "is not between 1980 and 2100; it counts milliseconds"),
        (event(ts=10**30), "ts", "is not between 1980 and 2100"),
    ],
)
def test_the_error_names_the_event_and_the_field(
    player: Player, bad: durable.Event, field: str, words: str
) -> None:
    with pytest.raises(durable.EventInvalidError) as raised:
        durable.send([GOOD, bad])
    assert words in str(raised.value)
    assert raised.value.field == field


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"at": datetime(2026, 1, 1)}, "$.at: datetime"),
        ({"list": [{"x": float("nan")}]}, "$.list[0].x: the number nan"),
        ({5: "x"}, "$: a key of type int"),
        ({"name": "a\0b"}, "$.name: text with a NUL character"),
    ],
)
def test_data_that_is_not_json_is_refused_with_its_path(
    player: Player, data: Any, path: str
) -> None:
    with pytest.raises(durable.OutputUnserializableError) as raised:
        durable.send([GOOD, event(data=data)])
    assert "events[1]: data cannot be stored as JSON" in str(raised.value)
    assert path in str(raised.value)


@pytest.mark.parametrize("bad", [{"name": EVENT}, "case/started", None, 5])
def test_only_events_are_taken(player: Player, bad: Any) -> None:
    with pytest.raises(durable.EventInvalidError, match=r"events\[1\] must be a durable\.Event"):
        durable.send([GOOD, bad])


@pytest.mark.parametrize("bad", ["case/started", None, 5, {"name": EVENT}])
def test_what_is_neither_an_event_nor_a_list_is_refused(player: Player, bad: Any) -> None:
    with pytest.raises(durable.EventInvalidError, match=r"send takes a durable\.Event or a list"):
        durable.send(bad)


def test_a_batch_with_a_bad_event_stores_nothing(player: Player) -> None:
    player.define(listener)
    with pytest.raises(durable.EventInvalidError):
        durable.send([GOOD, GOOD, event(name="")])
    assert (Event.objects.count(), Run.objects.count()) == (0, 0)


def test_data_may_be_left_out(player: Player) -> None:
    (event_id,) = durable.send(event(data=None))
    assert Event.objects.get(pk=event_id).value == {}
