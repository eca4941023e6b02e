"""What the page of a function says of its groups, with the numbers of its last runs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

import durable
from durable.authoring.registry import Registry
from durable.models import StepStatus
from tests.integration import rows
from tests.integration.browsers import get

pytestmark = pytest.mark.django_db
PAGE = "/admin/durable/functionconfig/shop/change/"


@pytest.fixture(autouse=True)
def shop(fresh_registry: Registry) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    durable.create_function(fn_id="shop", trigger=trigger)(lambda ctx: None)


def test_the_page_shows_what_running_at_the_same_time_brought(admin_client: Client) -> None:
    run = rows.run()
    times: dict[str, Any] = {"started": rows.ago(9), "ended": rows.ago(7)}
    for number in range(4):
        rows.step(run, f"part-{number}", mode="wait", wave=1, branch=f"{number}", **times)
    rows.step(run, "nap", StepStatus.DONE, mode="wait", wave=1, op="sleep")
    shown = get(admin_client, PAGE)
    assert "4 planned steps in 1 wave of 1 completed run" in shown
    assert "at most 4 were at work at the same moment" in shown
    assert "4.0 times as fast" in shown
    assert "With fan-out each is a run of its own" in shown


def test_steps_that_take_no_time_are_to_do_more_and_want_no_more_workers(
    admin_client: Client,
) -> None:
    run, began = rows.run(), rows.ago(9)
    for number in range(4):
        at = began + timedelta(milliseconds=30 * number)
        rows.step(
            run, f"part-{number}", mode="wait", wave=1, branch=f"{number}", started=at, ended=at
        )
    shown = get(admin_client, PAGE)
    assert "0 ms of work took 90 ms with its planning and recording" in shown
    assert "Do more in each step" in shown
    assert "More workers would help" not in shown
    assert "times as fast" not in shown
