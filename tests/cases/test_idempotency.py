"""`idempotency=`: one run of a function for each value in 24 hours."""

from __future__ import annotations

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.db import transaction

import durable
from durable.errors import ExpressionInvalidError, FunctionConfigInvalidError
from durable.models import Event, Run
from tests.harness import EVENT, Player, journal, note

ORDER = "event.data.order"
DAY = timedelta(hours=24)


def pay(ctx: durable.ContextSync) -> None:
    note(f"pay {ctx.event.data.get('order')}")


def send(*orders: Any) -> list[str]:
    return durable.send([durable.Event(name=EVENT, data={"order": order}) for order in orders])


def test_one_run_for_each_value(player: Player) -> None:
    player.define(pay, idempotency=ORDER)
    send(1, 2, 1)
    send(2, 3)
    player.work()
    assert sorted(journal) == ["pay 1", "pay 2", "pay 3"]
    assert Event.objects.count() == 5


def test_values_are_told_apart_by_their_kind(player: Player) -> None:
    player.define(pay, idempotency=ORDER)
    send(1, "1", True, [1], {"1": 1})
    assert Run.objects.count() == 5


def test_each_function_counts_for_itself(player: Player) -> None:
    player.define(pay, idempotency=ORDER)
    player.define(pay, fn_id="another", idempotency=ORDER)
    player.define(pay, fn_id="third")
    send(1, 1)
    functions = sorted(Run.objects.values_list("function", flat=True))
    assert functions == ["another", "case", "third", "third"]


@pytest.mark.parametrize("data", [{}, {"order": None}, {"other": 1}])
def test_an_event_without_the_value_starts_a_run_each_time(
    player: Player, data: dict[str, Any]
) -> None:
    player.define(pay, idempotency=ORDER)
    for _ in range(2):
        durable.send(durable.Event(name=EVENT, data=data))
    assert Run.objects.count() == 2


def test_a_value_may_be_computed(player: Player) -> None:
    player.define(pay, idempotency="event.data.customer.id + '-' + event.data.day")
    for day in ("mon", "tue", "mon"):
        durable.send(durable.Event(name=EVENT, data={"customer": {"id": "c1"}, "day": day}))
    assert Run.objects.count() == 2


def test_nothing_runs_again_before_a_day_has_passed(player: Player, clock: ModuleType) -> None:
    player.define(pay, idempotency=ORDER)
    send(1)
    player.work()
    clock.travel(DAY - timedelta(minutes=1))
    send(1)
    assert Run.objects.count() == 1


def test_a_value_counts_anew_after_a_day(player: Player, clock: ModuleType) -> None:
    player.define(pay, idempotency=ORDER)
    send(1, 2)
    clock.travel(DAY + timedelta(minutes=1))
    send(1, 1)
    player.work()
    assert sorted(journal) == ["pay 1", "pay 1", "pay 2"]
    send(1)
    assert Run.objects.count() == 3


def test_a_run_that_failed_counts(player: Player) -> None:
    def fails(ctx: durable.ContextSync) -> None:
        raise durable.NonRetriableError("no")

    player.define(fails, idempotency=ORDER)
    send(1)
    player.work()
    send(1)
    assert Run.objects.count() == 1


def test_a_replay_is_not_kept_from_running(player: Player) -> None:
    player.define(pay, idempotency=ORDER)
    send(1)
    player.work()
    durable.replay(Run.objects.get().pk)
    player.work()
    assert journal == ["pay 1", "pay 1"]


def test_a_value_of_a_transaction_that_is_rolled_back_does_not_count(player: Player) -> None:
    player.define(pay, idempotency=ORDER)
    with transaction.atomic():
        send(1)
        transaction.set_rollback(True)
    send(1)
    assert Run.objects.count() == 1


def test_a_broken_expression_is_refused_at_once(player: Player) -> None:
    with pytest.raises(ExpressionInvalidError, match="function 'case': idempotency"):
        player.define(pay, idempotency="event.data.")


def test_what_is_no_text_is_refused_at_once(player: Player) -> None:
    with pytest.raises(FunctionConfigInvalidError, match="idempotency must be str"):
        player.define(pay, idempotency=7)
