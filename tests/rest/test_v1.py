"""What knows Inngest's addresses and shapes finds runs here."""

from __future__ import annotations

from datetime import timedelta

import pytest

import durable
from durable.authoring.registry import Registry
from durable.models import Operation, Run
from tests.harness import Player
from tests.rest.test_runs import Api, get, order, post, rested, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def player(fresh_registry: Registry) -> Player:
    return Player()


def test_a_run_has_the_fields_of_the_reference(api: Api, player: Player) -> None:
    run = rested(player, order=7)
    answer = get(api(), f"v1/runs/{run.pk}")
    assert set(answer) == {"data", "metadata"}
    assert set(answer["metadata"]) == {"fetched_at", "cached_until"}
    shown = answer["data"]
    assert shown["run_id"] == str(run.pk)
    assert shown["function_id"] == "case"
    assert shown["event_id"] == str(run.event_id)
    assert shown["status"] == "Completed"
    assert shown["output"] == {"order": 7}
    assert {"run_started_at", "function_version", "environment_id", "ended_at"} <= set(shown)


def test_the_runs_of_an_event_are_listed(api: Api, player: Player) -> None:
    run = rested(player, fails=True)
    (shown,) = get(api(), f"v1/events/{run.event_id}/runs")["data"]
    assert (shown["run_id"], shown["status"]) == (str(run.pk), "Failed")
    assert shown["output"]["name"] == "NonRetriableError"


def test_outputs_are_for_who_may_read_payloads(api: Api, player: Player) -> None:
    run, client = rested(player), api("runs.read")
    assert "output" not in get(client, f"v1/runs/{run.pk}")["data"]
    assert "output" not in get(client, f"v1/events/{run.event_id}/runs")["data"][0]


def test_statuses_are_those_of_the_reference(api: Api, player: Player) -> None:
    player.define(order)
    scheduled, sleeping = player.send(), rested(player, waiting)
    Run.objects.filter(pk=scheduled.pk).update(started=None, ended=None, status="queued")
    client = api()
    assert get(client, f"v1/runs/{scheduled.pk}")["data"]["status"] == "Scheduled"
    assert get(client, f"v1/runs/{sleeping.pk}")["data"]["status"] == "Running"


def test_delete_cancels(api: Api, player: Player) -> None:
    run, client = rested(player, waiting), api()
    for _ in range(2):
        assert client.delete(f"/durable/v1/runs/{run.pk}").status_code == 204
    run.refresh_from_db()
    assert run.status == "cancelled"
    assert Operation.objects.filter(kind="run").count() == 1


def test_many_runs_of_a_function_are_cancelled(api: Api, player: Player) -> None:
    shop = durable.Client(app_id="shop")
    trigger = durable.TriggerEvent(event="shop/placed")
    shop.create_function(fn_id="place", trigger=trigger)(waiting)
    run, other = player.send(name="shop/placed"), rested(player, waiting)
    before = (run.created + timedelta(seconds=5)).isoformat()
    body = {"app_id": "shop", "function_id": "place", "started_before": before}
    shown = post(api(), "v1/cancellations", body).json()["data"]
    assert (shown["function_id"], shown["cancelled"]) == ("shop-place", 1)
    run.refresh_from_db()
    other.refresh_from_db()
    assert (run.status, other.status) == ("cancelled", "waiting")


def test_a_cancellation_needs_its_time(api: Api, player: Player) -> None:
    body = {"app_id": "shop", "function_id": "place"}
    assert post(api(), "v1/cancellations", body).status_code == 422


@pytest.mark.parametrize("path", ["v1/runs/{0.pk}", "v1/events/{0.event_id}/runs"])
def test_what_is_anothers_is_not_there(api: Api, player: Player, path: str) -> None:
    run = rested(player)
    client = api(tenant="rival")
    assert client.get(f"/durable/{path.format(run)}").status_code == 404
