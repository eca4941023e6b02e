"""Two tenants, and every operation crossed: what is another's does not exist, for keys and for users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings

import durable
from durable.authoring.registry import Registry
from durable.models import Event, Key, Operation, Run
from tests.harness import Player
from tests.rest.test_doors import routes

pytestmark = pytest.mark.django_db

Api = Callable[..., Client]
Row = dict[str, str]

# What is asked of a thing that has an owner: method, address, body.
CROSSED: list[tuple[str, str, Any]] = [
    ("get", "keys/{key}/", None),
    ("post", "keys/{key}/rotate/", {}),
    ("post", "keys/{key}/revoke/", {}),
    ("get", "runs/{run}/", None),
    ("get", "runs/{run}/steps/", None),
    ("get", "runs/{run}/output/", None),
    ("get", "runs/{run}/stream/", None),
    ("post", "runs/{run}/ticket/", {}),
    ("post", "runs/{run}/signal/", {"step": "go"}),
    ("post", "runs/{run}/cancel/", {}),
    ("post", "runs/{run}/retry/", {}),
    ("post", "runs/{run}/replay/", {}),
    ("get", "events/{event}/runs/", None),
    ("get", "v1/events/{event}/runs", None),
    ("get", "v1/runs/{run}", None),
    ("delete", "v1/runs/{other}", None),
]
# Addresses without a thing in them that has an owner; `e/{key}` is of the key that it names.
UNCROSSED = {"functions/x/", "functions/x/invoke/", "e/x", "hooks/x"}


def of_group(user: Any) -> Any:
    """Whose a user is, on this site: the test says it by a group."""
    group = user.groups.first()
    if group is not None and group.name == "raises":
        raise LookupError(group.name)
    said = {"nobody's": "", "broken": 7}
    return None if group is None else said.get(group.name, group.name)


@pytest.fixture(autouse=True)
def site(fresh_registry: Registry) -> Any:
    """A site that binds its users, and has one function."""

    @durable.create_function(fn_id="wait", trigger=durable.TriggerEvent(event="go"))
    def wait(ctx: durable.ContextSync) -> Any:
        return ctx.step.wait_for_event("go", event="gone", timeout="7d")

    with override_settings(DURABLE={"TENANT_OF": f"{__name__}.of_group"}):
        yield


@pytest.fixture(params=["key", "user"])
def bound(request: pytest.FixtureRequest, api: Api) -> Callable[[str], Client]:
    """Makes a client that is bound to a tenant, in either way, and may do everything."""
    return (lambda tenant: api(tenant=tenant)) if request.param == "key" else user_of


def user_of(tenant: str) -> Client:
    user = User.objects.create_superuser(f"of {tenant}")
    if tenant:
        user.groups.add(Group.objects.get_or_create(name=tenant)[0])
    client = Client()
    client.force_login(user)
    return client


def belongings(key: Callable[..., str], tenant: str) -> Row:
    """Return the ids of what a tenant has."""
    pks = durable.send([durable.Event(name="go", tenant=tenant, subject="auth.user:1")] * 2)
    Player().work()
    one, other = (Run.objects.get(event_id=pk) for pk in pks)
    prefix = key(tenant=tenant).partition(".")[0]
    return {"run": str(one.pk), "other": str(other.pk), "event": pks[0], "key": prefix}


def ask(client: Client, method: str, path: str, body: Any = None) -> Any:
    content = {} if body is None else {"data": body, "content_type": "application/json"}
    return getattr(client, method)(f"/durable/{path}", **content)


def crossed(client: Client, row: Row) -> dict[str, int]:
    """Ask for everything that can be asked of what a tenant has; return the statuses."""
    return {
        f"{method} {path}": ask(client, method, path.format(**row), body).status_code
        for method, path, body in CROSSED
    }


def test_every_address_is_crossed_here() -> None:
    known = {path.format(run="x", other="x", event="x", key="x") for _, path, _ in CROSSED}
    from durable.rest.urls import urlpatterns

    found = {path.lstrip("/") for path, _ in routes(urlpatterns) if "x" in path.split("/")}
    assert found == known | UNCROSSED


def test_what_is_another_tenants_does_not_exist(
    bound: Callable[[str], Client], key: Callable[..., str]
) -> None:
    theirs = belongings(key, "globex")
    before = list(Run.objects.order_by("pk").values())
    assert set(crossed(bound("acme"), theirs).values()) == {404}
    assert list(Run.objects.order_by("pk").values()) == before
    assert not Operation.objects.exclude(action="create").exists()


def test_what_is_ones_own_does(bound: Callable[[str], Client], key: Callable[..., str]) -> None:
    mine = belongings(key, "acme")
    found = crossed(bound("acme"), mine)
    assert set(found.values()) <= {200, 201, 204}, found


def test_what_is_nobodys_is_for_those_only_who_are_bound_to_none(
    bound: Callable[[str], Client], key: Callable[..., str]
) -> None:
    row = belongings(key, "")
    assert set(crossed(bound("acme"), row).values()) == {404}
    assert set(crossed(bound(""), row).values()) <= {200, 201, 204}


def test_lists_are_of_ones_own_whatever_is_asked_for(
    bound: Callable[[str], Client], key: Callable[..., str]
) -> None:
    mine, theirs = belongings(key, "acme"), belongings(key, "globex")
    client = bound("acme")
    for query in ("", "?tenant=globex", f"?event={theirs['event']}", f"?cursor={'f' * 32}"):
        runs = ask(client, "get", f"runs/{query}").json()["results"]
        assert {run["id"] for run in runs} <= {mine["run"], mine["other"]}, query
        assert bool(runs) == (query in ("", f"?cursor={'f' * 32}")), query
    assert {one["tenant"] for one in ask(client, "get", "keys/").json()["results"]} == {"acme"}


@pytest.mark.parametrize("filters", [{"status": ["waiting"]}, {"tenant": "globex"}])
def test_many_are_cancelled_of_ones_own(
    bound: Callable[[str], Client], key: Callable[..., str], filters: Any
) -> None:
    belongings(key, "acme"), belongings(key, "globex")
    ask(bound("acme"), "post", "runs/cancel/", filters)
    cancelled = Run.objects.filter(status="cancelled")
    assert cancelled.count() == (0 if "tenant" in filters else 2)
    assert not cancelled.exclude(tenant="acme").exists()


def test_many_are_cancelled_of_ones_own_by_the_address_of_inngest(
    bound: Callable[[str], Client], key: Callable[..., str]
) -> None:
    belongings(key, "globex")
    durable.Client(app_id="shop").create_function(
        fn_id="wait", trigger=durable.TriggerEvent(event="go")
    )(lambda ctx: ctx.step.sleep("a", 1000))
    belongings_of_both = durable.send(
        [durable.Event(name="go", tenant=one) for one in ("acme", "globex")]
    )
    body = {"app_id": "shop", "function_id": "wait", "started_before": "2199-01-01T00:00:00Z"}
    answer = ask(bound("acme"), "post", "v1/cancellations", body)
    assert answer.json()["data"]["cancelled"] == 1
    assert (
        Run.objects.get(status="cancelled").event_id
        == Event.objects.get(pk=belongings_of_both[0]).pk
    )


def test_what_one_sends_and_invokes_is_ones_own(bound: Callable[[str], Client]) -> None:
    client = bound("acme")
    assert ask(client, "post", "events/", {"name": "go", "id": "7"}).status_code == 201
    refused = ask(client, "post", "events/", {"name": "go", "tenant": "globex"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert ask(client, "post", "functions/wait/invoke/", {"id": "7"}).status_code == 202
    assert set(Event.objects.values_list("tenant", flat=True)) == {"acme"}
    assert set(Run.objects.values_list("tenant", flat=True)) == {"acme"}


def test_an_id_of_another_tenant_is_not_used_up(bound: Callable[[str], Client]) -> None:
    for tenant in ("acme", "globex"):
        client = bound(tenant)
        assert ask(client, "post", "events/", {"name": "go", "id": "7"}).status_code == 201
        assert ask(client, "post", "functions/wait/invoke/", {"id": "7"}).json()["created"]


def test_one_makes_keys_of_ones_own_only(bound: Callable[[str], Client]) -> None:
    client = bound("acme")
    made = ask(client, "post", "keys/", {"name": "a"})
    assert (made.status_code, made.json()["tenant"]) == (201, "acme")
    assert ask(client, "post", "keys/", {"name": "a", "tenant": "globex"}).status_code == 403
    assert not Key.objects.exclude(tenant="acme").exists()


def test_an_answer_is_repeated_to_nobody_else(bound: Callable[[str], Client]) -> None:
    ids = set()
    for tenant in ("acme", "globex"):
        client = bound(tenant)
        client.defaults["HTTP_IDEMPOTENCY_KEY"] = "same"
        ids.add(ask(client, "post", "events/", {"name": "go"}).json()["events"][0]["id"])
    assert len(ids) == 2


def test_a_user_who_was_moved_to_another_tenant_is_not_given_the_answers_of_before() -> None:
    client = user_of("acme")
    client.defaults["HTTP_IDEMPOTENCY_KEY"] = "same"
    assert ask(client, "post", "events/", {"name": "go"}).status_code == 201
    User.objects.get().groups.set([Group.objects.create(name="globex")])
    again = ask(client, "post", "events/", {"name": "go"})
    assert "Idempotency-Replayed" not in again
    assert Event.objects.filter(tenant="globex").count() == 1


@pytest.mark.parametrize("group", ["nobody's", "broken", " ", "x" * 129, "raises"])
def test_a_user_of_whom_the_site_says_neither_which_nor_none_sees_nothing(
    key: Callable[..., str], group: str
) -> None:
    row = belongings(key, "acme")
    client = user_of(group)
    assert set(crossed(client, row).values()) == {403}
    assert ask(client, "get", "runs/").status_code == 403
    assert client.get("/admin/durable/run/").status_code in (403, 404)


@pytest.mark.urls("project.urls")
@pytest.mark.parametrize("group", ["nobody's", "raises"])
def test_a_user_of_whom_the_site_does_not_say_it_is_shown_its_other_pages(
    key: Callable[..., str], group: str
) -> None:
    belongings(key, "acme")
    client = user_of(group)
    assert client.get("/admin/durable/run/").status_code == 403
    shown = client.get("/admin/")
    assert shown.status_code == 200
    assert "durable" not in shown.content.decode().lower().partition("<main")[2]
    request = RequestFactory().get("/")
    request.user = User.objects.get()
    page = Template("{% load durable %}{% durable_runs_for one %}")
    assert "<tr" not in page.render(Context({"one": request.user, "request": request}))


@pytest.mark.urls("project.urls")
def test_the_admin_which_is_of_all_tenants_is_closed_to_who_is_bound_to_one(
    key: Callable[..., str],
) -> None:
    row = belongings(key, "acme")
    pages = [
        "run/",
        f"run/{row['run']}/change/",
        f"run/{row['run']}/live/",
        "event/",
        f"event/{row['event']}/change/",
        "key/add/",
        "worker/",
        "functionconfig/",
        "runtally/",
        "schedule/",
    ]
    bound, free = user_of("acme"), user_of("")
    for page in pages:
        assert bound.get(f"/admin/durable/{page}").status_code == 403, page
        assert free.get(f"/admin/durable/{page}").status_code == 200, page
    assert "durable" not in bound.get("/admin/").content.decode().lower().partition("<main")[2]
    assert Client().get("/admin/durable/run/").status_code == 302


def test_runs_about_an_object_are_shown_to_their_tenant(key: Callable[..., str]) -> None:
    belongings(key, "acme"), belongings(key, "globex")
    user_of("acme"), user_of("")
    about = User.objects.order_by("pk").first()
    assert about is not None
    Run.objects.update(subject=f"auth.user:{about.pk}")
    page = Template("{% load durable %}{% durable_runs_for one %}")
    for name, count in (("of acme", 2), ("of ", 4)):
        request = RequestFactory().get("/")
        request.user = User.objects.get(username=name)
        shown = page.render(Context({"one": about, "request": request}))
        assert shown.count("<tr") == count + 1, shown
