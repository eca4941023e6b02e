from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

import durable
from durable import clock as durable_clock
from durable.admin import paging
from durable.authoring.registry import Registry
from durable.models import Operation, Run, RunStatus, StepStatus, Wait
from tests.integration import rows
from tests.integration.browsers import get

pytestmark = pytest.mark.django_db

QUERIES = 7  # session, user, count, page, and what explains the page's runs


@pytest.fixture
def browser(admin_client: Client) -> Client:
    admin_client.get("/admin/")  # fills caches of Django's own
    return admin_client


@pytest.fixture
def clerk() -> Client:
    """Who may do everything here because it was granted, which costs two queries a page."""
    user = User.objects.create_user("clerk", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="durable"))
    browser = Client()
    browser.force_login(user)
    return browser


def queries(browser: Client, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        get(browser, path)
    return [query["sql"] for query in seen]


def shown(browser: Client, path: str) -> list[Any]:
    response = browser.get(path)
    assert response.status_code == 200, response
    return list(response.context["cl"].result_list)


def test_runs_show_status_in_words_progress_and_reason(browser: Client) -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    rows.step(run, "a")
    rows.step(run, "b", StepStatus.PENDING)
    page = get(browser, "/admin/durable/run/")
    assert '<span aria-hidden="true">‖</span> waiting' in page
    assert "1/2" in page
    assert "waiting for 1 parallel step" in page


def test_runs_are_listed_newest_first(browser: Client) -> None:
    first, second = rows.run(), rows.run()
    assert shown(browser, "/admin/durable/run/") == [second, first]


def test_more_runs_cost_no_more_queries(browser: Client) -> None:
    for status in RunStatus.values * 6:
        run = rows.run(status)
        rows.failed_try(run, rows.step(run, "a", StepStatus.RETRYING))
    assert len(queries(browser, "/admin/durable/run/")) == QUERIES


@pytest.mark.parametrize(
    ("model", "column"),
    [("run", "output"), ("run", "error"), ("event", "data"), ("step", "output")],
)
def test_lists_leave_payloads_in_the_database(browser: Client, model: str, column: str) -> None:
    rows.step(rows.run())
    quote_name = connection.ops.quote_name
    payload = f"{quote_name(f'durable_{model}')}.{quote_name(column)}"
    for path in ("run", "event", "step", "attempt"):
        for sql in queries(browser, f"/admin/durable/{path}/"):
            assert payload not in sql


@pytest.mark.parametrize("model", ["run", "event", "step", "attempt", "schedule"])
def test_lists_count_no_further_than_the_cap(browser: Client, model: str) -> None:
    rows.failed_try(rows.run())
    counts = [sql for sql in queries(browser, f"/admin/durable/{model}/") if "COUNT(*)" in sql]
    assert counts
    assert all(f"LIMIT {paging.MOST + 1}" in sql for sql in counts)


def test_capped_count_says_that_there_are_more(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST", 3)
    for _ in range(5):
        rows.run(event=None)
    assert ">3 runs" in get(browser, "/admin/durable/run/")


def test_function_filter_knows_the_registry_and_reads_no_table(
    browser: Client, fresh_registry: Registry
) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    durable.create_function(fn_id="never-ran", trigger=trigger)(lambda ctx: None)
    rows.run(function="gone")
    page = get(browser, "/admin/durable/run/")
    assert "?function=never-ran" in page
    assert "?function=gone" not in page


def test_runs_are_filtered_by_function_and_status(browser: Client) -> None:
    wanted = rows.run(RunStatus.FAILED, "gone")
    rows.run(RunStatus.COMPLETED, "gone")
    rows.run(RunStatus.FAILED)
    found = shown(browser, "/admin/durable/run/?function=gone&status__exact=failed")
    assert found == [wanted]


def test_runs_are_found_by_their_id_or_their_events(browser: Client) -> None:
    run, _ = rows.run(), rows.run()
    for asked in (str(run.pk), run.pk.hex, str(run.event_id)):
        assert shown(browser, f"/admin/durable/run/?q={asked}") == [run]


def test_runs_are_found_by_the_beginning_of_their_id(browser: Client) -> None:
    run = rows.run()
    assert shown(browser, f"/admin/durable/run/?q={str(run.pk)[:13]}") == [run]
    assert shown(browser, f"/admin/durable/run/?q={str(run.pk)[:7]}") == []


def test_runs_are_found_by_what_the_sender_called_the_event(
    browser: Client, fresh_registry: Registry
) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    durable.create_function(fn_id="shop", trigger=trigger)(lambda ctx: None)
    durable.send(durable.Event(name="order/paid", id="invoice 7"))
    durable.send(durable.Event(name="order/paid", id="invoice 8", tenant="acme"))
    run = Run.objects.get(event__custom_id="invoice 7")
    theirs = Run.objects.get(event__custom_id="invoice 8")
    assert shown(browser, "/admin/durable/run/?q=invoice+7") == [run]
    assert shown(browser, "/admin/durable/run/?q=invoice+8") == []
    assert shown(browser, "/admin/durable/run/?q=invoice+8&tenant=acme") == [theirs]


@pytest.mark.parametrize("value", [7, "7", "A-7", "true"], ids=repr)
def test_runs_are_found_by_the_value_for_which_they_count_once(
    browser: Client, fresh_registry: Registry, value: object
) -> None:
    durable.create_function(
        fn_id="shop",
        trigger=durable.TriggerEvent(event="order/paid"),
        idempotency="event.data.order",
    )(lambda ctx: None)
    durable.send(durable.Event(name="order/paid", data={"order": value}))
    durable.send(durable.Event(name="order/paid", data={"order": "other"}))
    assert len(shown(browser, f"/admin/durable/run/?q={value}")) == 1


def test_runs_are_filtered_by_period_kin_and_failed_step(browser: Client) -> None:
    parent = rows.run(RunStatus.FAILED)
    rows.step(parent, "charge", StepStatus.FAILED)
    child = rows.run(RunStatus.FAILED, parent=parent)
    rows.step(child, "mail", StepStatus.FAILED)
    base = "/admin/durable/run/?"
    assert shown(browser, base + "kin=top") == [parent]
    assert shown(browser, base + "kin=child") == [child]
    assert shown(browser, base + "failed_step=mail") == [child]
    assert shown(browser, base + "period=hour") == [child, parent]
    assert "failed_step=charge&amp;status__exact=failed" in get(
        browser, base + "status__exact=failed"
    )
    with pytest.MonkeyPatch.context() as patch:
        later = durable_clock.now() + timedelta(hours=2)
        patch.setattr(durable_clock, "now", lambda: later)
        assert shown(browser, base + "period=hour") == []
        assert shown(browser, base + "period=day") == [child, parent]


def test_runs_link_to_the_object_they_are_about_and_to_those_of_their_tenant(
    browser: Client,
) -> None:
    user = User.objects.create_user("ada")
    mine = rows.run(subject=f"auth.user:{user.pk}", tenant="acme & co")
    rows.run(subject="gone.model:1")
    page = get(browser, "/admin/durable/run/")
    assert f'href="/admin/auth/user/{user.pk}/change/">auth.user:{user.pk}</a>' in page
    assert "gone.model:1" in page
    assert '?tenant=acme+%26+co">acme &amp; co</a>' in page
    assert shown(browser, "/admin/durable/run/?tenant=acme+%26+co") == [mine]
    assert shown(browser, f"/admin/durable/run/?subject=auth.user:{user.pk}") == [mine]


@pytest.mark.parametrize("asked", ["charge", "%", "00000000-0000-7000-8000-000000000000"])
def test_searching_for_what_is_no_id_finds_nothing(browser: Client, asked: str) -> None:
    rows.run()
    assert shown(browser, f"/admin/durable/run/?q={quote(asked)}") == []


def test_events_link_to_their_runs(browser: Client) -> None:
    run = rows.run()
    assert f"run/?event__id__exact={run.event_id}" in get(browser, "/admin/durable/event/")
    assert shown(browser, f"/admin/durable/run/?event__id__exact={run.event_id}") == [run]


def test_what_a_list_shows_of_an_id_is_found(browser: Client) -> None:
    run, _ = rows.run(), rows.run()
    step = rows.step(run)
    for model, found in {"run": run, "event": run.event, "step": step}.items():
        page = get(browser, f"/admin/durable/{model}/")
        pk = str(run.event_id if model == "event" else run.pk)
        assert pk[:18] in page
        assert shown(browser, f"/admin/durable/{model}/?q={pk[:18]}") == [found]


def test_runs_are_found_by_an_events_own_id_whatever_name_was_listened_to(
    browser: Client, fresh_registry: Registry
) -> None:
    trigger = durable.TriggerEvent(event="order/*")
    durable.create_function(fn_id="shop", trigger=trigger)(lambda ctx: None)
    durable.send(durable.Event(name="order/paid", id="inv-77"))
    run = Run.objects.get(event__custom_id="inv-77")
    assert shown(browser, "/admin/durable/run/?q=inv-77") == [run]


def test_events_are_found_by_id_and_by_name(browser: Client) -> None:
    event, _ = rows.event("a/b"), rows.event("a/bc")
    assert shown(browser, f"/admin/durable/event/?q={event.pk}") == [event]
    assert shown(browser, "/admin/durable/event/?q=a/b") == [event]


def test_events_are_filtered_by_the_names_functions_listen_to(
    browser: Client, fresh_registry: Registry
) -> None:
    triggers = [durable.TriggerEvent(event="a/b"), durable.TriggerEvent(event="c/*")]
    durable.create_function(fn_id="f", trigger=triggers)(lambda ctx: None)
    event, _ = rows.event("a/b"), rows.event("c/d")
    assert shown(browser, "/admin/durable/event/?name=a/b") == [event]
    assert "c/*" not in get(browser, "/admin/durable/event/")


def test_steps_of_one_run_are_listed_in_order(browser: Client) -> None:
    run = rows.run()
    steps = [rows.step(run, name) for name in "abc"]
    rows.step(rows.run(), "other")
    path = f"/admin/durable/step/?run__id__exact={run.pk}"
    assert shown(browser, path) == steps
    assert "status__exact=failed" in get(browser, path)


def test_steps_of_all_runs_offer_no_filter_that_would_read_them_all(browser: Client) -> None:
    first, second = rows.step(rows.run()), rows.step(rows.run())
    assert shown(browser, "/admin/durable/step/") == [second, first]
    assert "status__exact" not in get(browser, "/admin/durable/step/")


def test_failed_tries_are_listed_with_step_and_error(browser: Client) -> None:
    run = rows.run()
    rows.failed_try(run, rows.step(run), 1)
    rows.failed_try(run)
    page = get(browser, f"/admin/durable/attempt/?q={run.pk}")
    assert "TimeoutError" in page
    assert "charge" in page
    assert "the function&#x27;s own code" in page


@pytest.mark.parametrize("model", ["run", "event", "step", "attempt", "schedule"])
def test_lists_hold_no_inline_style_or_script(browser: Client, model: str) -> None:
    run = rows.run(RunStatus.FAILED)
    rows.failed_try(run, rows.step(run))
    page = get(browser, f"/admin/durable/{model}/")
    assert " style=" not in page
    assert " onclick=" not in page
    assert "<style" not in page


@override_settings(TIME_ZONE="Asia/Tokyo")
def test_schedules_are_listed_in_the_order_in_which_they_come(
    browser: Client, fresh_registry: Registry
) -> None:
    trigger = durable.TriggerCron(cron="TZ=UTC 0 1 * * *")
    durable.create_function(fn_id="nightly", trigger=trigger)(lambda ctx: None)
    day = datetime(2127, 1, 1, tzinfo=UTC)
    later = rows.schedule("gone", "@daily", due_at=day + timedelta(days=9))
    first = rows.schedule("nightly", "TZ=UTC 0 1 * * *", due_at=day, fired=day - timedelta(days=1))
    assert shown(browser, "/admin/durable/schedule/") == [first, later]
    page = get(browser, "/admin/durable/schedule/")
    assert "TZ=UTC 0 1 * * *</code>" in page
    assert "2127-01-01 09:00:00.000" in page
    assert "2126-12-31 09:00:00.000" in page
    assert page.count("the function is not registered here") == 1
    assert "TZ=UTC 0 1" in get(browser, f"/admin/durable/schedule/{first.pk}/change/")


@pytest.mark.parametrize(
    "page",
    [
        *("run/", "step/", "attempt/", "event/", "functionconfig/", "worker/", "runtally/"),
        *("key/", "schedule/", "run/{run}/change/", "run/{run}/live/", "step/{step}/change/"),
        *("event/{event}/change/", "functionconfig/shop/change/", "run/?failed_step=a"),
        *("functionconfig/gone/change/", "run/?failed_step=a&status__exact=failed"),
    ],
)
def test_no_page_takes_more_than_ten_queries(
    clerk: Client, page: str, fresh_registry: Registry
) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    make = durable.create_function(fn_id="once", trigger=trigger, idempotency="event.data.order")
    make(lambda ctx: None)
    run = rows.run(RunStatus.WAITING, "gone", pending=1)
    wait = rows.step(run, "b", StepStatus.PENDING, op="wait", mode="wait")
    Wait.objects.create(run=run, step=wait, event="order/sent", created=rows.ago(5))
    rows.run(RunStatus.QUEUED, due_at=rows.ago(60))
    for status in RunStatus.values * 2:
        run = rows.run(status, parent=run)
        step = rows.step(run, "a", StepStatus.FAILED, op="child")
        rows.failed_try(run, step)
    rows.run(parent=run, parent_key=step.key)
    Operation.objects.create(at=rows.ago(1), who="ada", action="x", kind="run", target=str(run.pk))
    rows.worker()
    path = page.format(run=run.pk, step=step.pk, event=run.event_id)
    clerk.get(f"/admin/durable/{path}")
    seen = [sql for sql in queries(clerk, f"/admin/durable/{path}") if "SAVEPOINT" not in sql]
    assert len(seen) <= 10, "\n".join(seen)
