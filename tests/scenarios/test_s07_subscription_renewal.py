"""Subscription renewal: sleeps of weeks, dunning, a payment against a timer, and plans that change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

import durable
from durable import clock
from durable.models import Run
from durable.testing import Workflows
from tests.acceptance.clusters import eventually
from tests.scenarios.s07_subscription_renewal import (
    change_plan,
    period_end,
    period_started,
    renew_subscription,
)
from tests.scenarios.stage import (
    data_of,
    has_lines,
    has_status,
    lines,
    new_cluster,
    on_a_cluster,
    send,
)

Order = Callable[..., durable.Event]


@pytest.fixture
def january() -> Any:
    """The last day of January 2031, and time stands still unless the kit moves it."""
    with time_machine.travel(datetime(2031, 1, 31, 12, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Return the event with which a subscription begins."""

    def begin(anchor: str = "2031-01-31", **differing: Any) -> durable.Event:
        user = User.objects.create_user("ada", email="ada@example.org")
        data = {"user": user.pk, "anchor": anchor, "plan": 1, "price": 10, "folder": str(tmp_path)}
        return period_started({**data, "period": 1, **differing})

    return begin


def charged(folder: Path) -> dict[str, str]:
    """Return what the bank has charged, by period."""
    return {path.name.partition("-")[2]: path.read_text() for path in folder.glob("charged-*")}


def prices(folder: Path) -> list[str]:
    return [price for _, price in sorted(charged(folder).items())]


@pytest.mark.parametrize(
    ("period", "end"), [(1, "2028-02-29"), (2, "2028-03-31"), (3, "2028-04-30"), (13, "2029-02-28")]
)
def test_periods_end_on_the_day_they_began_or_the_last_one_of_a_shorter_month(
    period: int, end: str
) -> None:
    assert period_end("2028-01-31", period).date().isoformat() == end


@pytest.mark.usefixtures("january")
def test_a_period_is_announced_charged_and_followed_by_the_next(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    run = workflows.run(renew_subscription, order())
    workflows.assert_waiting(run, "three-days-before")

    workflows.settle(through="25d")
    workflows.assert_waiting(run, "period-ends")
    assert lines(tmp_path / "mails") == ["ada@example.org: 10 are due on 2031-02-28"]
    assert charged(tmp_path) == {}

    workflows.settle(through="4d")
    assert workflows.get(run).result == "renewed"
    assert prices(tmp_path) == ["10"]
    (following,) = workflows.assert_run_started(renew_subscription, {"period": 2})
    workflows.assert_waiting(following, "three-days-before")


@pytest.mark.usefixtures("january")
def test_two_years_are_a_short_run_for_each_month(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    run = workflows.run(renew_subscription, order())
    for _ in range(2):
        workflows.settle(through="366d")
    runs = workflows.assert_run_started(renew_subscription, times=24)
    assert {len(one.steps) for one in (workflows.get(run), *runs[:-1])} == {5}
    assert len(charged(tmp_path)) == 24
    assert lines(tmp_path / "mails")[1] == "ada@example.org: 10 are due on 2031-03-31"


@pytest.mark.usefixtures("january")
def test_a_period_that_ended_while_no_worker_was_there_is_renewed_late_and_not_missed(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    run = workflows.run(renew_subscription, order())
    workflows.travel("50d")
    workflows.settle()
    assert workflows.get(run).result == "renewed"
    assert prices(tmp_path) == ["10"]


@pytest.mark.usefixtures("january")
def test_a_declined_card_is_tried_again_for_days(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    (tmp_path / "declines").touch()
    run = workflows.run(renew_subscription, order(), through="29d")
    workflows.assert_waiting(run, "paid:1")
    (tmp_path / "declines").unlink()
    workflows.settle(through="3d")
    assert workflows.get(run).result == "renewed"
    workflows.assert_step_ran(run, "charge", times=3)


@pytest.mark.usefixtures("january")
def test_who_never_pays_is_suspended_and_no_period_follows(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    (tmp_path / "declines").touch()
    run = workflows.run(renew_subscription, order(), through="60d")
    assert run.result == "suspended"
    assert not User.objects.get().is_active
    workflows.assert_run_started(renew_subscription, times=0)


@pytest.mark.usefixtures("january")
@pytest.mark.parametrize("moment", ["before", "while"])
def test_a_payment_ends_the_dunning_also_when_it_came_before_it_was_waited_for(
    workflows: Workflows, order: Order, tmp_path: Path, moment: str
) -> None:
    (tmp_path / "declines").touch()
    event = order()
    run = workflows.run(renew_subscription, event, through="26d" if moment == "before" else "28d")
    send("subscription/paid", {"invoice": event.data["invoice"]})
    workflows.settle(through="3d")
    assert workflows.get(run).result == "renewed"
    workflows.assert_step_ran(run, "charge", times=1)
    assert charged(tmp_path) == {}


@pytest.mark.usefixtures("january")
def test_a_payment_in_time_counts_although_no_worker_was_there_until_the_timer_was_over(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    (tmp_path / "declines").touch()
    event = order()
    run = workflows.run(renew_subscription, event, through="28d")
    workflows.assert_waiting(run, "paid")
    send("subscription/paid", {"invoice": event.data["invoice"]})
    (tmp_path / "declines").unlink()
    workflows.travel("2d")
    workflows.settle()
    assert workflows.get(run).result == "renewed"
    assert charged(tmp_path) == {}


@pytest.mark.usefixtures("january")
def test_a_change_of_plan_in_mid_sleep_replaces_the_sleeping_run(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    event = order()
    run = workflows.run(renew_subscription, event, through="5d")
    workflows.run(
        change_plan,
        durable.Event(
            name="subscription/plan.changed", data={**event.data, "plan": 2, "price": 25}
        ),
    )
    workflows.settle(through="27d")
    assert workflows.get(run).status == "cancelled"
    assert prices(tmp_path) == ["25"]
    assert lines(tmp_path / "mails") == ["ada@example.org: 25 are due on 2031-02-28"]


@pytest.mark.usefixtures("january")
def test_a_change_of_plan_leaves_other_customers_alone(workflows: Workflows, order: Order) -> None:
    event = order()
    run = workflows.run(renew_subscription, event)
    other = {**event.data, "user": 404, "plan": 2}
    workflows.run(change_plan, durable.Event(name="subscription/plan.changed", data=other))
    workflows.settle()
    workflows.assert_waiting(run, "three-days-before")


@pytest.mark.usefixtures("january")
def test_a_change_of_plan_just_after_the_charge_does_not_charge_the_period_again(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    event = order()
    workflows.kill_after("charge", point="before_record")
    run = workflows.run(renew_subscription, event, through="27d")
    workflows.travel("12h")
    workflows.settle()
    assert prices(tmp_path) == ["10"]
    send("subscription/plan.changed", {**event.data, "plan": 2, "price": 25})
    workflows.settle(through="1d")
    assert workflows.get(run).status == "cancelled"
    assert prices(tmp_path) == ["10"]
    workflows.assert_run_started(renew_subscription, {"period": 2, "price": 25}, times=1)


@pytest.mark.usefixtures("january")
def test_a_renewal_that_is_replayed_does_not_begin_the_next_period_twice(
    workflows: Workflows, order: Order, tmp_path: Path
) -> None:
    run = workflows.run(renew_subscription, order(), through="30d")
    durable.replay(run.id)
    workflows.settle()
    assert Run.objects.filter(function="renew-subscription").count() == 3
    workflows.assert_run_started(renew_subscription, {"period": 2}, times=1)
    assert prices(tmp_path) == ["10"]


@pytest.mark.parametrize("days", [-40, 40])
def test_the_wrong_clock_of_a_worker_moves_no_period(
    workflows: Workflows, order: Order, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    right = clock.now
    anchor = f"{right():%Y-%m}-01"
    event = order(anchor, period=2)
    monkeypatch.setattr(clock, "now", lambda: right() + timedelta(days=days))
    run = workflows.run(renew_subscription, event)
    due = Run.objects.get(pk=run.id).steps.get().due_at
    assert due == period_end(anchor, 2) - timedelta(days=3)
    workflows.assert_waiting(run, "three-days-before")


@on_a_cluster
def test_killed_workers_charge_a_period_once_and_begin_one_next(
    order: Order, tmp_path: Path
) -> None:
    (tmp_path / "slow").touch()
    last_month = (datetime.now(UTC).replace(day=1) - timedelta(days=1)).replace(day=1)
    with new_cluster() as cluster:
        cluster.wait_until_ready()
        durable.send(order(f"{last_month:%Y-%m-%d}"))
        eventually(has_lines(tmp_path / "calls"), cluster.explain)
        cluster.kill(cluster.find("worker"))
        eventually(has_status("renew-subscription", "completed"), cluster.explain, seconds=15)
    assert len(lines(tmp_path / "calls")) == 2
    assert list(charged(tmp_path).values()) == ["10"]
    assert sorted(data_of(run)["period"] for run in Run.objects.all()) == [1, 2]
