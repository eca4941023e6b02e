"""Scenario 1: an order is fulfilled once, or called off whole."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction

import durable
from durable.models import Run
from durable.testing import RunInfo, Workflows
from durable.testing.kill import Point
from tests.acceptance.clusters import Cluster, eventually
from tests.scenarios.s01_order_fulfilment import Bank, check_out


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    return Bank(str(tmp_path))


@pytest.fixture
def order(workflows: Workflows, tmp_path: Path) -> Order:
    return Order(tmp_path)


class Order:
    """An order of a customer, placed when it is made."""

    def __init__(self, folder: Path, **data: float) -> None:
        self.customer = User.objects.create_user("ada", email="ada@example.org")
        self.event = check_out(self.customer, "2026-17", bank=str(folder), **data)
        self.id = Group.objects.get(name="2026-17").pk

    @property
    def run(self) -> Run:
        return Run.objects.get(event_id=self.event, function="fulfil-order")

    def is_marked(self, how: str) -> bool:
        return Group.objects.filter(name=f"{how} {self.id}").exists()

    def tell(self, name: str) -> None:
        durable.send(durable.Event(name=name, data={"order": self.id}))


def result_of(run: RunInfo, step: str) -> object:
    (found,) = [one.result for one in run.steps if one.id == step]
    return found


def test_order_is_charged_packed_and_shipped(
    workflows: Workflows, order: Order, bank: Bank
) -> None:
    workflows.settle()
    workflows.assert_waiting(workflows.get(order.run.pk), "picked-up")
    order.tell("courier/parcel.picked-up")
    workflows.settle()
    assert workflows.get(order.run.pk).result == "on its way, to ada@example.org"
    assert bank.payments() == ["charged"]
    assert order.is_marked("shipped")


def test_checkout_that_is_rolled_back_starts_nothing(workflows: Workflows, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Order(tmp_path)
        raise ZeroDivisionError
    workflows.settle()
    assert not Run.objects.exists()
    assert not Group.objects.exists()


def test_charge_whose_record_was_lost_is_not_made_twice(
    workflows: Workflows, order: Order, bank: Bank
) -> None:
    kill = workflows.kill_after("charge", point="before_record")
    workflows.settle(through="1m")
    assert kill.has_happened
    workflows.assert_waiting(workflows.get(order.run.pk), "picked-up")
    assert bank.payments() == ["charged"]


@pytest.mark.parametrize("point", ["before_record", "after_record"])
def test_stock_is_reserved_once_though_the_worker_dies(
    workflows: Workflows, order: Order, point: Point
) -> None:
    workflows.kill_after("reserve", point=point)
    workflows.settle(through="1m")
    workflows.assert_waiting(workflows.get(order.run.pk), "picked-up")
    assert order.is_marked("reserved for")  # a second group of the name would be refused


def test_customer_is_written_to_at_the_address_of_the_day(
    workflows: Workflows, order: Order
) -> None:
    workflows.settle()
    User.objects.update(email="ada@example.com")
    order.tell("courier/parcel.picked-up")
    workflows.settle()
    run = workflows.get(order.run.pk)
    assert result_of(run, "mail") == "thank you, to ada@example.org"
    assert result_of(run, "mail-shipped") == "on its way, to ada@example.com"


def test_order_itself_cannot_be_sent_along(workflows: Workflows) -> None:
    order = Group.objects.create(name="2026-18")
    with pytest.raises(durable.OutputUnserializableError, match=r"\$\.order: Group"):
        durable.send(durable.Event(name="shop/order.placed", data={"order": order}))


def test_order_cancelled_while_the_bank_is_asked_is_paid_back(
    workflows: Workflows, order: Order, bank: Bank
) -> None:
    def charge(key: str, seconds: float) -> str:
        order.tell("shop/order.cancelled")
        return bank.charge(key, seconds)

    workflows.stub_step("charge", call=charge)
    workflows.settle()
    assert workflows.get(order.run.pk).status == "cancelled"
    workflows.assert_run_started("call-off-cancelled-order", times=1)
    assert bank.payments() == ["given back"]
    assert not order.is_marked("reserved for")


def test_order_cancelled_before_it_was_charged_never_will_be(
    workflows: Workflows, order: Order, bank: Bank
) -> None:
    key = f"{order.run.pk}:charge"
    workflows.kill_after("charge", point="before_body")
    workflows.settle()
    order.tell("shop/order.cancelled")
    workflows.settle(through="1m")
    assert bank.payments() == ["given back"]
    with pytest.raises(durable.NonRetriableError):
        bank.charge(key)


def test_order_is_called_off_when_no_courier_comes(
    workflows: Workflows, order: Order, bank: Bank
) -> None:
    workflows.settle(through="4d")
    assert workflows.get(order.run.pk).status == "failed"
    workflows.assert_run_started("fulfil-order-failure", times=1)
    assert bank.payments() == ["given back"]
    assert not order.is_marked("reserved for")


def test_refused_card_releases_what_was_reserved(workflows: Workflows, order: Order) -> None:
    workflows.stub_step("charge", raises=durable.NonRetriableError("no credit"))
    workflows.settle()
    assert (workflows.get(order.run.pk).failure or {})["message"] == "no credit"
    assert not order.is_marked("reserved for")


def test_courier_that_is_quicker_than_the_printer_is_not_missed(
    workflows: Workflows, order: Order
) -> None:
    workflows.stub_step("label", call=lambda _: order.tell("courier/parcel.picked-up"))
    workflows.settle()
    assert workflows.get(order.run.pk).status == "completed"
    assert order.is_marked("shipped")


def test_any_death_on_the_way_leaves_one_of_everything(workflows: Workflows, order: Order) -> None:
    for step in ("reserve", "charge", "label", "invoice", "mail", "ship", "mail-shipped"):
        workflows.kill_after(step, point="before_record")
    workflows.settle(through="10m")
    order.tell("courier/parcel.picked-up")
    workflows.settle(through="10m")
    run = workflows.get(order.run.pk)
    assert run.status == "completed"
    assert order.is_marked("shipped")


@pytest.mark.postgres
def test_worker_killed_after_the_charge_does_not_charge_again(
    cluster: Cluster, tmp_path: Path, bank: Bank
) -> None:
    order = Order(tmp_path, seconds=1.0)
    eventually(lambda: bool(bank.payments()), cluster.explain)
    cluster.kill(cluster.find("worker"))
    is_at = partial(order.run.steps.filter(name="picked-up").exists)
    eventually(is_at, cluster.explain)
    order.tell("courier/parcel.picked-up")
    eventually(lambda: order.run.is_final, cluster.explain)
    assert order.run.result == "on its way, to ada@example.org"
    assert bank.payments() == ["charged"]


@pytest.mark.postgres
def test_order_cancelled_during_the_charge_is_called_off_by_another_worker(
    cluster: Cluster, tmp_path: Path, bank: Bank
) -> None:
    order = Order(tmp_path, seconds=1.0)
    eventually(lambda: bool(bank.payments()), cluster.explain)
    order.tell("shop/order.cancelled")
    undone = Run.objects.filter(function="call-off-cancelled-order", status="completed")
    eventually(undone.exists, cluster.explain)
    assert order.run.status == "cancelled"
    assert bank.payments() == ["given back"]
    assert not order.is_marked("reserved for")
