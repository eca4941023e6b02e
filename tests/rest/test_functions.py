"""Functions through the API: listed, and invoked."""

from __future__ import annotations

from typing import Any

import pytest

import durable
from durable.authoring.registry import Registry, registry
from durable.models import Operation, Receipt, Run
from durable.operations.erase import erase
from durable.own import bulk, roundtrip
from tests.harness import Player
from tests.rest.lost_commit import lost_commit
from tests.rest.test_runs import Api, get, order, post

pytestmark = pytest.mark.django_db


@pytest.fixture
def player(fresh_registry: Registry) -> Player:
    return Player()


def test_functions_are_listed_with_what_starts_them(api: Api, player: Player) -> None:
    triggers: list[Any] = [
        durable.TriggerEvent(event="a/b", expression="event.data.n > 1"),
        durable.TriggerCron(cron="0 3 * * *"),
    ]
    player.define(order, fn_id="b", trigger=triggers, retries=5)
    player.define(order, fn_id="a")
    first, second = get(api(), "functions/")["results"]
    assert first["id"] == "a"
    assert second == {
        "id": "b",
        "name": "b",
        "triggers": [{"event": "a/b", "expression": "event.data.n > 1"}, {"cron": "0 3 * * *"}],
        "retries": 5,
    }
    assert get(api(), "functions/b/") == second


def test_a_function_is_invoked_with_data(api: Api, player: Player) -> None:
    player.define(order)
    answer = post(api(), "functions/case/invoke/", {"data": {"order": 7}})
    assert answer.status_code == 202
    assert answer.json()["created"] is True
    assert answer.json()["result"] is None
    run = player.settle(Run.objects.get(pk=answer.json()["run"]["id"]))
    assert run.result == {"order": 7}
    written = Operation.objects.get(kind="function")
    assert (written.action, written.target) == ("invoke", "case")
    assert written.change[1] == {"run": str(run.pk)}


def test_with_an_id_it_is_invoked_once(api: Api, player: Player) -> None:
    player.define(order)
    player.define(order, fn_id="other")
    client = api()
    first, again = (post(client, "functions/case/invoke/", {"id": "o-7"}) for _ in range(2))
    assert again.json()["run"]["id"] == first.json()["run"]["id"]
    assert [first.json()["created"], again.json()["created"]] == [True, False]
    assert Operation.objects.filter(kind="function").count() == 1
    assert post(client, "functions/other/invoke/", {"id": "o-7"}).json()["created"]
    assert post(api(tenant="acme"), "functions/case/invoke/", {"id": "o-7"}).json()["created"]


def test_with_an_id_that_was_used_for_other_data_it_is_refused(api: Api, player: Player) -> None:
    player.define(order)
    client, path = api(), "functions/case/invoke/"
    first = post(client, path, {"id": "o-7", "data": {"order": 7}}).json()["run"]["id"]
    for body in ({"id": "o-7", "data": {"order": 7.0}}, {"id": "o-7"}):
        assert post(client, path, body).json()["run"]["id"] == first
    for data in ({"order": 8}, {}):
        answer = post(client, path, {"id": "o-7", "data": data})
        assert (answer.status_code, answer.json()["code"]) == (409, "event_conflict")
    player.settle(Run.objects.get())
    erase(first)
    assert post(client, path, {"id": "o-7", "data": {"order": 7}}).json()["run"]["id"] == first
    assert Run.objects.count() == Operation.objects.filter(action="invoke").count() == 1


def test_who_waits_gets_the_result(api: Api, player: Player) -> None:
    player.define(order)
    client = api()
    post(client, "functions/case/invoke/", {"id": "o", "data": {"order": 7}})
    player.work()
    answer = post(client, "functions/case/invoke/", {"id": "o", "wait": 1})
    assert answer.status_code == 200
    assert answer.json()["result"]["output"] == {"order": 7}
    closed = post(api("functions.invoke"), "functions/case/invoke/", {"id": "o", "wait": 1})
    assert (closed.status_code, closed.json()["result"]) == (200, None)


def test_who_waits_in_vain_is_told_so(api: Api, player: Player) -> None:
    player.define(order)
    answer = post(api(), "functions/case/invoke/", {"wait": 0.01})
    assert (answer.status_code, answer.json()["run"]["status"]) == (202, "queued")


def test_a_run_that_a_key_of_a_tenant_starts_is_the_tenants(api: Api, player: Player) -> None:
    player.define(order)
    post(api(tenant="acme"), "functions/case/invoke/")
    run = Run.objects.get()
    assert run.tenant == "acme"
    assert run.event is not None
    assert run.event.tenant == "acme"


def test_who_listens_to_invocations_is_started_too(api: Api, player: Player) -> None:
    player.define(order)
    invoked = durable.TriggerEvent(event="durable/function.invoked")
    player.define(order, fn_id="audit", trigger=invoked)
    assert post(api(), "functions/case/invoke/").json()["run"]["function"] == "case"
    assert sorted(Run.objects.values_list("function", flat=True)) == ["audit", "case"]


def test_an_unknown_function_is_not_there(api: Api, player: Player) -> None:
    client = api()
    assert post(client, "functions/nothing/invoke/").status_code == 404
    assert client.get("/durable/functions/nothing/").status_code == 404


@pytest.mark.parametrize(
    "body", [{"data": 1}, {"wait": 31}, {"wait": -1}, {"id": ""}, {"date": {}}, {"id": 7}], ids=str
)
def test_an_invocation_that_cannot_be_meant_is_refused(
    api: Api, player: Player, body: object
) -> None:
    player.define(order)
    assert post(api(), "functions/case/invoke/", body).status_code == 422
    assert not Run.objects.exists()


def test_a_request_that_is_sent_again_is_answered_as_before(api: Api, player: Player) -> None:
    player.define(order)
    client, headers = api(), {"Idempotency-Key": "once"}
    path, media = "/durable/functions/case/invoke/", "application/json"
    answers = [client.post(path, {}, content_type=media, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert answers[1]["Idempotency-Replayed"] == "true"
    run = Run.objects.get()
    replays = [
        client.post(f"/durable/runs/{run.pk}/replay/", {}, content_type=media, headers=headers)
        for headers in 2 * ({"Idempotency-Key": "twice"},)
    ]
    assert replays[0].json() == replays[1].json()
    assert Run.objects.count() == 2


def test_an_answer_is_repeated_though_its_run_was_removed(api: Api, player: Player) -> None:
    player.define(order)
    client = api()
    client.defaults["HTTP_IDEMPOTENCY_KEY"] = "7f3c"
    first = post(client, "functions/case/invoke/", {"wait": 0.01})
    Run.objects.all().delete()
    again = post(client, "functions/case/invoke/", {"wait": 0.01})
    assert (again.status_code, again.json()) == (202, first.json())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"HTTP_IDEMPOTENCY_KEY": "7f3c"}])
def test_it_is_invoked_once_though_the_connection_is_lost_at_the_commit(
    api: Api, player: Player, headers: dict[str, str]
) -> None:
    player.define(order)
    client = api()
    client.defaults |= headers
    with lost_commit() as commits:
        answer = post(client, "functions/case/invoke/")
    assert commits
    assert (answer.status_code, answer.json()["created"]) == (202, True)
    assert str(Run.objects.get().pk) == answer.json()["run"]["id"]
    assert Operation.objects.filter(kind="function").count() == 1
    assert Receipt.objects.count() == len(headers)


@pytest.mark.parametrize("own", [bulk.act_on_all, roundtrip.answer])
def test_functions_of_durable_itself_are_neither_listed_nor_invoked(
    api: Api, player: Player, own: durable.Function
) -> None:
    registry.add(own)
    assert get(api(), "functions/")["results"] == []
    assert api().get(f"/durable/functions/{own.id}/").status_code == 404
    data = {"verb": "erase", "selection": {}, "who": "nobody", "via": "nothing"}
    assert post(api(), f"functions/{own.id}/invoke/", {"data": data}).status_code == 404
    assert not Run.objects.exists()
