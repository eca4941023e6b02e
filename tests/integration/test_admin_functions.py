"""The pages about functions: what they show, what can be done there, and by whom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import durable
from durable import clock
from durable.authoring.registry import Registry, registry
from durable.models import (
    EndTally,
    FunctionConfig,
    Operation,
    Run,
    RunStatus,
    TimeTally,
)
from durable.own import bulk
from tests.integration import rows
from tests.integration.browsers import get, staff

pytestmark = pytest.mark.django_db
LIST = "/admin/durable/functionconfig/"
PAGE = f"{LIST}shop/change/"
EMPTY = dict.fromkeys(
    ["retries", "backoff", "parallel_mode", "max_parallel", "threads", "fan_out"], ""
) | {"priority": "", "retention": ""}


@pytest.fixture(autouse=True)
def shop(fresh_registry: Registry) -> durable.Function:
    paid = durable.TriggerEvent(event="order/paid", expression="event.data.total > 5")
    nightly = durable.TriggerCron(cron="0 3 * * *")
    make = durable.create_function(fn_id="shop", name="Web shop", trigger=[paid, nightly])
    return make(lambda ctx: None)


def test_all_functions_are_listed_registered_or_not(admin_client: Client) -> None:
    rows.run(function="gone-from-the-code")
    shown = get(admin_client, LIST)
    assert "Web shop" in shown
    assert "event.data.total &gt; 5" in shown
    assert "gone-from-the-code" in shown
    assert "not registered here" in shown


def test_the_list_shows_how_functions_do(admin_client: Client) -> None:
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    for status, count in (("completed", 99), ("failed", 1)):
        EndTally.objects.create(hour=hour, function="shop", status=status, count=count)
    for bucket, count in ((39, 90), (52, 9)):  # a second and some nine
        TimeTally.objects.create(hour=hour, function="shop", bucket=bucket, count=count)
    rows.run(RunStatus.WAITING)
    shown = get(admin_client, LIST)
    assert ("99.0%" in shown, "939 ms" in shown, "8.9 s" in shown) == (True, True, True)
    assert "1 waiting" in shown
    assert "function=shop&amp;status__exact=failed" in shown


def test_many_runs_and_functions_cost_no_more_queries(admin_client: Client) -> None:
    get(admin_client, LIST)
    with CaptureQueriesContext(connection) as few:
        get(admin_client, LIST)
    for number in range(5):
        rows.run(function=f"other-{number}")
        rows.run(RunStatus.WAITING, function=f"other-{number}")
    with CaptureQueriesContext(connection) as many:
        get(admin_client, LIST)
    assert len(many) == len(few)


def test_an_override_is_saved_logged_and_shown_with_who_did_it(admin_client: Client) -> None:
    form = EMPTY | {
        "retries": "7",
        "backoff": "1, 2.5 60",
        "parallel_mode": "race",
        "fan_out": "yes",
    }
    admin_client.post(PAGE, form)
    row = FunctionConfig.objects.get()
    assert (row.retries, row.delays, row.parallel_mode) == (7, (1, 2.5, 60), "race")
    assert (row.fan_out, row.changed_by) == (True, "admin")
    assert Operation.objects.get().change[1] == {
        "retries": 7,
        "backoff": [1, 2.5, 60],
        "parallel_mode": "race",
        "fan_out": True,
    }
    assert "retries: None → 7" in LogEntry.objects.get().change_message
    shown = get(admin_client, PAGE)
    assert "Last changed by admin" in shown
    assert "In the settings: 3." in shown
    assert "1, 2.5, 60" in shown


def test_an_emptied_field_is_as_in_the_code_again(admin_client: Client) -> None:
    admin_client.post(PAGE, EMPTY | {"retries": "7", "priority": "30"})
    admin_client.post(PAGE, EMPTY | {"priority": "30"})
    row = FunctionConfig.objects.get()
    assert (row.retries, row.priority) == (None, 30)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", "21"),
        ("backoff", "soon"),
        ("backoff", "-1"),
        ("backoff", "nan"),
        ("backoff", "1e9"),
        ("parallel_mode", "both"),
        ("threads", "0"),
        ("priority", "601"),
        ("retention", "0"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(admin_client: Client, name: str, value: str) -> None:
    response = admin_client.post(PAGE, EMPTY | {name: value})
    assert response.status_code == 200
    assert name in response.context["adminform"].form.errors
    assert not FunctionConfig.objects.exists()


def test_pausing_resuming_and_resetting_are_done_logged_and_offered_in_turn(
    admin_client: Client,
) -> None:
    do = f"{LIST}shop/do/"
    assert f'formaction="{do}pause/"' in get(admin_client, PAGE)
    admin_client.post(f"{do}pause/")
    assert FunctionConfig.objects.get().paused is not None
    shown = get(admin_client, PAGE)
    assert (f'formaction="{do}resume/"' in shown, "paused" in shown) == (True, True)
    admin_client.post(f"{do}resume/")
    admin_client.post(PAGE, EMPTY | {"retries": "7"})
    admin_client.post(f"{do}reset/")
    row = FunctionConfig.objects.get()
    assert (row.paused, row.retries) == (None, None)
    actions = list(Operation.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["pause", "resume", "configure", "reset"]
    paused, resumed, _, reset = LogEntry.objects.order_by("pk").values_list(
        "change_message", flat=True
    )
    assert paused.startswith("pause: paused: None → 20")
    assert resumed == f"resume: paused: {paused.split(' → ')[1]} → None"
    assert reset == "reset: retries: 7 → None"


def test_run_now_is_filled_in_from_the_newest_event_and_starts_this_function_only(
    admin_client: Client,
) -> None:
    rows.event("order/paid", data='{"total":1}', received=rows.ago(60))
    rows.event("order/paid", data='{"total":9,"password":"geheim"}')
    shown = get(admin_client, f"{LIST}shop/run/")
    assert ("&quot;total&quot;: 9" in shown, "geheim" in shown) == (True, False)
    before = Run.objects.count()
    response = admin_client.post(f"{LIST}shop/run/", {"payload": '{"total": 3}'})
    run = Run.objects.order_by("-pk")[0]
    assert response.headers["Location"] == f"/admin/durable/run/{run.pk}/change/"
    assert (Run.objects.count() - before, run.function) == (1, "shop")
    assert run.event is not None
    assert '"total":3' in run.event.data
    assert Operation.objects.get().action == "invoke"
    assert LogEntry.objects.get().change_message == f"invoke: run: None → {run.pk}"


def test_run_now_twice_by_one_form_starts_one_run(admin_client: Client) -> None:
    word = admin_client.get(f"{LIST}shop/run/").context["durable_once"]
    form = {"payload": "{}", "durable_once": word}
    admin_client.post(f"{LIST}shop/run/", form)
    said = admin_client.post(f"{LIST}shop/run/", form, follow=True).content.decode()
    assert "That was done before; nothing was changed." in said
    assert Run.objects.count() == 1


def test_run_now_offers_the_example_of_the_code_until_an_event_came(admin_client: Client) -> None:
    trigger = durable.TriggerEvent(event="order/lost", example={"order": 7})
    durable.create_function(fn_id="lost", trigger=trigger)(lambda ctx: None)
    initial = admin_client.get(f"{LIST}lost/run/").context["form"].initial
    assert json.loads(initial["payload"]) == {"order": 7}


def test_what_is_left_hidden_starts_nothing(admin_client: Client) -> None:
    form = {"payload": '{"cards": [{"token": "[hidden]"}]}'}
    response = admin_client.post(f"{LIST}shop/run/", form)
    assert "$.cards[0].token is [hidden]" in response.content.decode()
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '"x"', '{"x": NaN}', '{"x": "\\ud800"}', "[" * 99_999]
)
def test_what_is_no_object_starts_nothing(admin_client: Client, text: str) -> None:
    response = admin_client.post(f"{LIST}shop/run/", {"payload": text})
    assert response.status_code == 200
    assert not Run.objects.exists()


def test_options_say_whether_the_code_or_the_settings_have_them(
    admin_client: Client, fresh_registry: Registry
) -> None:
    durable.create_function(
        fn_id="careful",
        trigger=durable.TriggerEvent(event="order/paid"),
        retries=9,
        parallel_mode=durable.ParallelMode.RACE,
    )(lambda ctx: None)
    shown = get(admin_client, PAGE)
    assert "for steps that do not say. In the settings: 3." in shown
    assert "For groups that do not say. In the settings: WAIT." in shown
    shown = get(admin_client, f"{LIST}careful/change/")
    assert "for steps that do not say. In the code: 9." in shown
    assert "For groups that do not say. In the code: RACE." in shown


POSTS: list[tuple[str, str, dict[str, Any]]] = [
    ("change_functionconfig", PAGE, EMPTY | {"retries": "1"}),
    ("change_functionconfig", f"{LIST}shop/do/pause/", {}),
    ("change_functionconfig", f"{LIST}shop/do/resume/", {}),
    ("change_functionconfig", f"{LIST}shop/do/reset/", {}),
    ("send_event", f"{LIST}shop/run/", {"payload": "{}"}),
]


@pytest.mark.parametrize(("permission", "path", "form"), POSTS)
def test_without_the_permission_a_post_by_hand_is_refused(
    permission: str, path: str, form: dict[str, Any]
) -> None:
    others = [one for one in ("change_functionconfig", "send_event") if one != permission]
    browser = staff("view_functionconfig", "view_run", "view_event", *others)
    assert browser.post(path, form).status_code == 403
    assert not FunctionConfig.objects.exists()
    assert not Run.objects.exists()
    assert not Operation.objects.exists()


@pytest.mark.parametrize(("permission", "path", "form"), POSTS)
def test_with_the_permission_alone_it_is_done(
    permission: str, path: str, form: dict[str, Any]
) -> None:
    assert staff(permission).post(path, form).status_code == 302


@pytest.mark.parametrize(("permission", "path", "form"), POSTS)
def test_a_post_from_another_site_is_refused(
    admin_user: User, permission: str, path: str, form: dict[str, Any]
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    assert browser.post(path, form).status_code == 403


@pytest.mark.parametrize("verb", ["pause", "resume", "reset"])
def test_looking_changes_nothing(admin_client: Client, verb: str) -> None:
    assert admin_client.get(f"{LIST}shop/do/{verb}/").status_code == 405
    assert not FunctionConfig.objects.exists()


def test_who_may_only_view_sees_no_button_and_no_field(admin_client: Client) -> None:
    shown = get(staff("view_functionconfig"), PAGE)
    assert ("formaction" in shown, 'name="retries"' in shown) == (False, False)


def test_who_may_not_see_payloads_gets_none_filled_in() -> None:
    rows.event("order/paid", data='{"total":"confidential"}')
    browser = staff("view_functionconfig", "send_event")
    assert "confidential" not in get(browser, f"{LIST}shop/run/")


@pytest.mark.parametrize("path", [f"{LIST}nobody/change/", f"{LIST}nobody/run/"])
def test_an_unknown_function_has_no_page(admin_client: Client, path: str) -> None:
    assert admin_client.get(path).status_code in (302, 404)


def test_names_and_conditions_are_shown_as_text(
    admin_client: Client, fresh_registry: Registry
) -> None:
    hostile = "<script>alert(1)</script>"
    trigger = durable.TriggerEvent(event="x", expression=f"event.data.a == '{hostile}'")
    durable.create_function(fn_id="odd", name=hostile, trigger=trigger)(lambda ctx: None)
    rows.run(function="odd")
    for path in (LIST, f"{LIST}odd/change/", f"{LIST}odd/run/"):
        assert hostile not in get(admin_client, path)


def test_enter_in_a_field_saves_and_does_not_pause(admin_client: Client) -> None:
    page = get(admin_client, PAGE)
    form = page.split('id="functionconfig_form"')[1].split("</form>")[0]
    assert 'name="_save"' in form
    for button in form.split("<button")[1:]:
        assert 'form="durable-do"' in button.split(">")[0]


def test_a_function_of_durable_itself_is_shown_but_not_run_from_its_page(
    admin_client: Client,
) -> None:
    registry.add(bulk.act_on_all)
    assert f"{bulk.FUNCTION}/run/" not in get(admin_client, f"{LIST}{bulk.FUNCTION}/change/")
    response = admin_client.post(f"{LIST}{bulk.FUNCTION}/run/", {"payload": "{}"})
    assert response.status_code == 404
    assert not Run.objects.exists()
