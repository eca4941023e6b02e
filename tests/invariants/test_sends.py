"""One event id, sent by many at once: one event, one run of each function."""

from __future__ import annotations

from functools import partial
from itertools import count

import pytest
from django.db import transaction

import durable
from durable.models import Event, Run
from durable.store import Store
from tests.invariants.actors import preempted, together

FUNCTIONS = ("f", "g", "h")


@pytest.fixture(autouse=True)
def functions(clean_stage: None) -> None:
    for name in FUNCTIONS:
        durable.create_function(fn_id=name, trigger=durable.TriggerEvent(event="paid"))(idle)


def idle(ctx: durable.ContextSync) -> None:
    """Have nothing to do."""


def send(*ids: str) -> list[str]:
    return durable.send([durable.Event(name="paid", id=id) for id in ids])


def check_once(*ids: str) -> None:
    assert Event.objects.count() == len(ids)
    assert Run.objects.count() == len(ids) * len(FUNCTIONS)


@pytest.mark.parametrize("round_", range(5))
def test_one_id_sent_by_many_is_one_event(store: Store, round_: int) -> None:
    answers = together([partial(send, "charge-1")] * 8)
    assert answers == [[str(Event.objects.get().pk)]] * 8
    check_once("charge-1")


@pytest.mark.parametrize("round_", range(5))
def test_batches_that_share_ids_in_another_order_are_stored_once(store: Store, round_: int) -> None:
    ids = [f"charge-{number}" for number in range(6)]
    answers = together([partial(send, *ids), partial(send, *reversed(ids))] * 3)
    check_once(*ids)
    assert {tuple(answer) for answer in answers[::2]} == {tuple(reversed(answers[1]))}


def test_one_id_sent_by_two_is_one_event_wherever_the_other_stands(store: Store) -> None:
    for stop_at in count(1):
        both = preempted(partial(send, f"{stop_at}"), partial(send, f"{stop_at}"), stop_at)
        if both is None:
            break
        assert both[0] == both[1], both[2]
    check_once(*(str(number) for number in range(1, stop_at + 1)))


def test_an_id_whose_first_sender_rolled_back_is_sent_by_the_second(store: Store) -> None:
    def send_in_vain(id: str) -> None:
        with transaction.atomic():
            send(id)
            transaction.set_rollback(True)

    for stop_at in count(1):
        both = preempted(partial(send_in_vain, f"{stop_at}"), partial(send, f"{stop_at}"), stop_at)
        if both is None:
            break
    check_once(*(str(number) for number in range(1, stop_at)))
