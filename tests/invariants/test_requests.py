"""Requests to the API that are to count once, sent by two programs at the same moment."""

from __future__ import annotations

from functools import partial
from itertools import count
from typing import Any

import pytest
from django.test import Client

import durable
from durable.access.keys import Rights, make
from durable.access.rates import spend
from durable.access.receipts import is_first
from durable.models import Event, Run
from durable.operations.audit import Actor
from durable.store import Store
from tests.invariants.actors import preempted, together

pytestmark = pytest.mark.urls("tests.rest.urls")


@pytest.fixture
def headers(store: Store, clean_stage: None) -> dict[str, str]:
    """A site with one function, and what a program says to be let in."""
    trigger = durable.TriggerEvent(event="paid")
    durable.create_function(fn_id="f", trigger=trigger)(lambda ctx: None)
    key = make(store, Actor(who="a test", via="command"), Rights(name="test").key())
    return {"Authorization": f"Bearer {key.secret}"}


def send(headers: dict[str, str], again: str, **event: Any) -> tuple[int, Any]:
    client = Client(headers={**headers, "Idempotency-Key": again} if again else headers)
    answer = client.post("/durable/events/", {"name": "paid", **event}, "application/json")
    return answer.status_code, answer.json()


def test_a_key_has_as_many_requests_as_its_rate_says_and_not_one_more(
    store: Store, clean_stage: None
) -> None:
    rights = Rights(name="test", rate=4)  # it gets the next after fifteen seconds
    key = make(store, Actor(who="a test", via="command"), rights.key()).key
    waits = together([partial(spend, store, key)] * 8)
    assert sorted(waits)[:5].count(0.0) == 4
    assert all(10 < wait <= 15 for wait in waits if wait)


@pytest.mark.parametrize("round_", range(2))
def test_a_key_of_many_requests_is_one_event(headers: dict[str, str], round_: int) -> None:
    answers = together([partial(send, headers, "again")] * 6)
    statuses = [status for status, _ in answers]
    assert set(statuses) <= {201, 409}
    done = [body for status, body in answers if status == 201]
    assert done
    assert done == [done[0]] * len(done)
    assert Event.objects.count() == Run.objects.count() == 1


def test_a_key_is_one_event_wherever_the_other_stands(headers: dict[str, str]) -> None:
    for stop_at in count(1):
        again = partial(send, headers, f"again-{stop_at}")
        both = preempted(again, again, stop_at)
        if both is None:
            break
        first, second, statement = both
        assert {first[0], second[0]} <= {201, 409}, statement
        bodies = [body for status, body in (first, second) if status == 201]
        assert bodies[0] == bodies[-1], statement
    assert stop_at > 5
    assert Event.objects.count() == Run.objects.count() == stop_at


def test_an_id_is_one_event_wherever_the_other_stands(headers: dict[str, str]) -> None:
    for stop_at in count(1):
        one = partial(send, headers, "", id=f"{stop_at}")
        both = preempted(one, one, stop_at)
        if both is None:
            break
        (status, first), (other, second), statement = both
        assert {status, other} == {200, 201}, statement
        assert first["events"][0]["id"] == second["events"][0]["id"], statement
    assert Event.objects.count() == Run.objects.count() == stop_at


def test_a_signature_is_taken_once(store: Store, clean_stage: None) -> None:
    assert sorted(together([partial(is_first, store, "signature")] * 6)) == [False] * 5 + [True]
