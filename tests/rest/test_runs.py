"""Runs through the API: found, looked at, cancelled, retried, repeated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, override_settings

import durable
from durable.authoring.registry import Registry
from durable.ids import new_id
from durable.models import Event, Operation, Run
from tests.harness import EVENT, Player, give, say

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]


@pytest.fixture
def player(fresh_registry: Registry) -> Iterator[Player]:
    yield Player()


def order(ctx: durable.ContextSync) -> Any:
    ctx.step.run("reserve", say, "reserved")
    if ctx.event.data.get("fails"):
        raise durable.NonRetriableError("the card of ada@example.org was refused")
    return {"order": ctx.event.data.get("order")}


def waiting(ctx: durable.ContextSync) -> Any:
    return ctx.step.wait_for_event("approval", event="order/approved", timeout="7d").data  # type: ignore[union-attr]


def get(client: Client, path: str, **query: Any) -> Any:
    return client.get(f"/durable/{path}", query).json()


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"/durable/{path}", body or {}, content_type="application/json")


def rested(player: Player, handler: Any = order, **data: Any) -> Run:
    """Return a run that has come to where it rests."""
    name = EVENT if handler is order else f"case/{handler.__name__}"
    fn_id = "case" if handler is order else handler.__name__
    player.define(handler, fn_id=fn_id, trigger=durable.TriggerEvent(event=name))
    run = player.send(data, name=name)
    player.work()
    run.refresh_from_db()
    return run


def listed(client: Client, **query: Any) -> list[str]:
    return [run["id"] for run in get(client, "runs/", **query)["results"]]


def test_runs_are_listed_newest_first_and_without_payloads(api: Api, player: Player) -> None:
    first, second = rested(player, order=7), player.send({"order": 8})
    page = get(api(), "runs/")
    assert [run["id"] for run in page["results"]] == [str(second.pk), str(first.pk)]
    assert page["next"] is None
    assert "order" not in str(page["results"][1]).replace("in order", "")
    assert page["results"][1]["status"] == "completed"


def test_pages_follow_each_other_while_runs_come_in(api: Api, player: Player) -> None:
    player.define(order)
    runs = [str(player.send({}).pk) for _ in range(3)]
    client = api()
    page = get(client, "runs/", limit=2)
    player.send({})
    assert [run["id"] for run in page["results"]] == [runs[2], runs[1]]
    assert listed(client, limit=2, cursor=page["next"]) == [runs[0]]


def test_runs_are_found_by_each_filter(api: Api, player: Player) -> None:
    run = rested(player, order=7)
    (other,) = durable.send(
        durable.Event(name="other", id="mine", tenant="acme", subject="shop.order:7")
    )
    Event.objects.get(pk=other)
    tagged = Run.objects.create(
        id=new_id(),
        function="b",
        event_id=other,
        created=run.created,
        tenant="acme",
        subject="shop.order:7",
    )
    client = api()
    assert listed(client, function="case") == [str(run.pk)]
    assert listed(client, status="completed") == [str(run.pk)]
    assert listed(client, status=["completed", "queued"]) == [str(tagged.pk), str(run.pk)]
    assert listed(client, event=other) == [str(tagged.pk)]
    assert listed(client, name=EVENT) == [str(run.pk)]
    assert listed(client, name="other", key="mine", tenant="acme") == [str(tagged.pk)]
    assert listed(client, name="other", key="yours", tenant="acme") == []
    assert listed(client, tenant="acme") == [str(tagged.pk)]
    assert listed(client, subject="shop.order:7") == [str(tagged.pk)]
    before, after = (run.created + timedelta(seconds=n) for n in (-1, 1))
    assert len(listed(client, created_after=before, created_before=after)) == 2
    assert listed(client, created_before=before) == listed(client, created_after=after) == []
    assert listed(client, function="case", status="failed") == []


@pytest.mark.parametrize(
    "query",
    [
        {"statsu": "failed"},
        {"status": "fine"},
        {"limit": 0},
        {"limit": 201},
        {"cursor": "1"},
        {"event": "1"},
        {"key": "mine"},
        {"created_after": "soon"},
        {"function": "a\0"},
        {"function": ""},
        {"limit": [1, 2]},
        {"name": ["a", "b"]},
    ],
    ids=str,
)
def test_a_filter_that_cannot_be_meant_is_refused(api: Api, query: Any) -> None:
    answer = api().get("/durable/runs/", query)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"


def test_a_run_is_shown_with_how_far_it_is(api: Api, player: Player) -> None:
    run = rested(player, order=7)
    shown = get(api(), f"runs/{run.pk}/")
    assert shown["status"] == "completed"
    assert shown["steps"] == {"done": 1}
    assert shown["event"] == str(run.event_id)


def test_a_run_that_has_not_changed_is_not_sent_again(api: Api, player: Player) -> None:
    player.define(order)
    run, client = player.send({}), api()
    tag = client.get(f"/durable/runs/{run.pk}/")["ETag"]
    same = client.get(f"/durable/runs/{run.pk}/", headers={"If-None-Match": tag})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
    player.work()
    changed = client.get(f"/durable/runs/{run.pk}/", headers={"If-None-Match": tag})
    assert (changed.status_code, changed.json()["status"]) == (200, "completed")


def test_what_an_error_says_is_for_who_may_read_payloads(api: Api, player: Player) -> None:
    run = rested(player, fails=True)
    closed = get(api("runs.read"), f"runs/{run.pk}/")["error"]
    assert closed["name"] == "NonRetriableError"
    assert closed["message"] is closed["stack"] is None
    opened = get(api("runs.read\npayloads.read"), f"runs/{run.pk}/")["error"]
    assert opened["message"] == "the card of ada@example.org was refused"


def test_steps_are_listed_with_outputs_for_who_may_read_payloads(api: Api, player: Player) -> None:
    run = rested(player)
    (step,) = get(api("runs.read"), f"runs/{run.pk}/steps/")["results"]
    assert (step["name"], step["kind"], step["status"]) == ("reserve", "run", "done")
    assert "output" not in step
    path = f"/durable/runs/{run.pk}/steps/"
    assert api("runs.read").get(path, {"expand": "payloads"}).status_code == 403
    (step,) = get(api(), f"runs/{run.pk}/steps/", expand="payloads")["results"]
    assert step["output"] == "reserved"


def test_a_large_output_of_a_step_is_shown_too(api: Api, player: Player) -> None:
    def large(ctx: durable.ContextSync) -> None:
        ctx.step.run("large", say, "x" * 200_000)

    run = rested(player, large)
    (step,) = get(api(), f"runs/{run.pk}/steps/", expand="payloads")["results"]
    assert len(step["output"]) == 200_000


def test_the_output_is_for_who_may_read_payloads(api: Api, player: Player) -> None:
    run = rested(player, order=7)
    assert get(api(), f"runs/{run.pk}/output/")["output"] == {"order": 7}
    assert api("runs.*").get(f"/durable/runs/{run.pk}/output/").status_code == 403


def test_the_output_of_a_run_that_has_not_ended_is_null(api: Api, player: Player) -> None:
    player.define(order)
    shown = get(api(), f"runs/{player.send({}).pk}/output/", wait=0.01)
    assert (shown["status"], shown["output"], shown["error"]) == ("queued", None, None)


def test_the_runs_of_an_event_are_listed(api: Api, player: Player) -> None:
    run, other = rested(player), player.send({})
    client = api()
    (shown,) = get(client, f"events/{run.event_id}/runs/")["results"]
    assert shown["id"] == str(run.pk) != str(other.pk)
    assert client.get(f"/durable/events/{uuid4()}/runs/").status_code == 404
    assert client.get("/durable/events/nonsense/runs/").status_code == 404


def test_a_run_is_cancelled_once_and_written_down(api: Api, player: Player) -> None:
    run, client = rested(player, waiting), api()
    for _ in range(2):
        answer = post(client, f"runs/{run.pk}/cancel/")
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    written = Operation.objects.get(kind="run")
    assert (written.action, written.target, written.via) == ("cancel", str(run.pk), "api")
    assert written.who.startswith("key dk")
    assert written.change == ({"status": "waiting"}, {"status": "cancelled"})


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_what_cannot_be_done_is_a_conflict_that_tells_the_state(
    api: Api, player: Player, verb: str
) -> None:
    run = rested(player)
    answer = post(api(), f"runs/{run.pk}/{verb}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["run"]["status"] == "completed"
    assert not Operation.objects.filter(kind="run").exists()


def test_a_failed_run_is_retried(api: Api, player: Player) -> None:
    run = rested(player, fails=True)
    answer = post(api(), f"runs/{run.pk}/retry/")
    assert (answer.status_code, answer.json()["status"]) == (200, "queued")
    assert Operation.objects.get(kind="run").change == (
        {"status": "failed"},
        {"status": "queued"},
    )


def test_a_run_is_replayed_from_a_step_with_other_data(api: Api, player: Player) -> None:
    run = rested(player, order=7)
    answer = post(api(), f"runs/{run.pk}/replay/", {"from_step": "reserve", "input": {"order": 8}})
    assert answer.status_code == 201
    assert answer.json()["replay_of"] == str(run.pk)
    new = player.settle(Run.objects.get(pk=answer.json()["id"]))
    assert new.result == {"order": 8}
    assert Operation.objects.get(kind="run").change[1] == {
        "status": "completed",
        "step": "reserve",
        "made": str(new.pk),
        "input": "edited",
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"from_step": "nowhere"}, 422),
        ({"from": "reserve"}, 422),
        ({"input": [1]}, 422),
        ({"input": {"a": "\0"}}, 422),
        ([], 422),
    ],
    ids=str,
)
def test_a_replay_that_cannot_be_meant_is_refused(
    api: Api, player: Player, body: Any, status: int
) -> None:
    run = rested(player)
    answer = api().post(f"/durable/runs/{run.pk}/replay/", body, content_type="application/json")
    assert answer.status_code == status
    assert Run.objects.count() == 1


def test_many_runs_are_cancelled_by_filter(api: Api, player: Player) -> None:
    done = rested(player)
    runs = [rested(player, waiting) for _ in range(3)]
    client = api()
    first = post(client, "runs/cancel/", {"status": ["waiting"], "limit": 2}).json()
    assert first == {"cancelled": [str(run.pk) for run in runs[:2]], "more": True}
    rest = post(client, "runs/cancel/", {"function": "waiting", "limit": 2}).json()
    assert rest == {"cancelled": [str(runs[2].pk)], "more": False}
    assert Operation.objects.filter(action="cancel").count() == 3
    done.refresh_from_db()
    assert done.status == "completed"


@pytest.mark.parametrize("body", [{}, {"limit": 5}, {"tenants": "a"}, {"key": "k"}], ids=str)
def test_nothing_is_cancelled_without_a_filter(api: Api, player: Player, body: Any) -> None:
    rested(player, waiting)
    assert post(api(), "runs/cancel/", body).status_code == 422
    assert Run.objects.get().status == "waiting"


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", ""),
        ("GET", "steps/"),
        ("GET", "output/"),
        ("POST", "cancel/"),
        ("POST", "retry/"),
        ("POST", "replay/"),
        ("POST", "signal/"),
    ],
)
def test_what_is_anothers_is_not_there(api: Api, player: Player, verb: str, path: str) -> None:
    run = rested(player, waiting)
    Run.objects.update(tenant="acme")
    for one in (run.pk, UUID(int=0), "nonsense"):
        client = api(tenant="rival")
        answer = client.generic(verb, f"/durable/runs/{one}/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    run.refresh_from_db()
    assert run.status == "waiting"


def test_a_key_of_a_tenant_lists_and_cancels_its_own_runs_only(api: Api, player: Player) -> None:
    theirs, mine = rested(player, waiting), rested(player, waiting)
    Run.objects.filter(pk=mine.pk).update(tenant="acme")
    client = api(tenant="acme")
    assert listed(client) == [str(mine.pk)]
    assert listed(client, tenant="") == listed(client, tenant="rival") == []
    done = post(client, "runs/cancel/", {"function": "waiting"}).json()
    assert done["cancelled"] == [str(mine.pk)]
    theirs.refresh_from_db()
    assert theirs.status == "waiting"


def test_a_waiting_run_is_signalled_once(api: Api, player: Player) -> None:
    run, client = rested(player, waiting), api()
    body = {"step": "approval", "data": {"by": "ada"}}
    answer = post(client, f"runs/{run.pk}/signal/", body)
    assert answer.status_code == 200
    assert player.settle(run).result == {"by": "ada"}
    assert Event.objects.get(pk=answer.json()["event"]).name == "order/approved"
    written = Operation.objects.get(action="deliver")
    after = {"status": "queued", "step": "approval", "made": answer.json()["event"]}
    assert written.change == ({"status": "waiting"}, after)
    again = post(client, f"runs/{run.pk}/signal/", body)
    assert (again.status_code, again.json()["run"]["status"]) == (409, "completed")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"step": "nowhere"}, 409),
        ({}, 422),
        ({"step": "approval", "data": []}, 422),
        ({"step": "approval", "name": "durable/x"}, 422),
    ],
    ids=str,
)
def test_a_signal_that_reaches_nobody_is_refused(
    api: Api, player: Player, body: Any, status: int
) -> None:
    run = rested(player, waiting)
    assert post(api(), f"runs/{run.pk}/signal/", body).status_code == status
    run.refresh_from_db()
    assert run.status == "waiting"


def test_people_see_of_payloads_what_they_see_in_the_admin(player: Player) -> None:
    def secrets(ctx: durable.ContextSync) -> Any:
        return ctx.step.run("log-in", give, "in", {"token": "t-1", "name": "ada"})

    run = rested(player, secrets)
    user, client = User.objects.create_user("ada"), Client()
    permissions = Permission.objects.filter(codename__in=["view_run", "view_payload"])
    user.user_permissions.add(*permissions)
    client.force_login(user)
    seen = {"token": "[hidden]", "name": "ada"}
    assert get(client, f"runs/{run.pk}/output/")["output"] == seen
    (step,) = get(client, f"runs/{run.pk}/steps/", expand="payloads")["results"]
    assert step["output"] == seen
    assert get(client, f"v1/runs/{run.pk}")["data"]["output"] == seen
    with override_settings(DURABLE={"HIDE_PAYLOADS_OF": ["sec*"]}):
        assert get(client, f"runs/{run.pk}/output/")["output"] == "[hidden]"


def test_what_people_replay_has_the_secrets_they_were_not_shown(player: Player) -> None:
    run = rested(player, token="t-1", order=7)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    body = {"input": {"token": "[hidden]", "order": 8}}
    new = Run.objects.get(pk=post(client, f"runs/{run.pk}/replay/", body).json()["id"])
    assert new.event is not None
    assert json.loads(new.event.data) == {"token": "t-1", "order": 8}


def test_a_secret_that_is_hidden_and_unknown_is_not_replayed(player: Player) -> None:
    run = rested(player, order=7)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    body = {"input": {"token": "[hidden]"}}
    answer = post(client, f"runs/{run.pk}/replay/", body)
    assert (answer.status_code, Run.objects.count()) == (422, 1)
    assert "A secret of input is [hidden]" in answer.content.decode()


def test_what_errors_of_a_hidden_function_say_is_hidden_from_people(player: Player) -> None:
    run = rested(player, fails=True)
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    with override_settings(DURABLE={"HIDE_PAYLOADS_OF": ["case"]}):
        assert get(client, f"runs/{run.pk}/output/")["error"]["message"] is None
        assert get(client, f"v1/runs/{run.pk}")["data"]["output"] == "[hidden]"
