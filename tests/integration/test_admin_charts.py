"""Charts and health: what they draw, from what, and who may look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from durable import clock
from durable.admin.chart_svg import nice
from durable.models import Rollup, RunStatus
from durable.operations.rollup import advance
from durable.operations.series import failures, series
from durable.store import get_store
from tests.integration import rows
from tests.integration.browsers import get

pytestmark = pytest.mark.django_db
CHARTS, HEALTH = "/admin/durable/runtally/", "/admin/durable/worker/"


def ended(minutes: float, status: str = RunStatus.COMPLETED, function: str = "shop") -> None:
    at = clock.now() - timedelta(minutes=minutes)
    rows.run(status, function=function, ended=at, started=at - timedelta(seconds=3))


def count() -> None:
    Rollup.objects.update(due_at=rows.ago(1))
    advance(get_store())


def test_what_was_counted_and_what_has_only_just_ended_are_one_series() -> None:
    for minutes in (0, 1, 30, 31, 200, 2000):
        ended(minutes)
    ended(30, RunStatus.FAILED)
    count()
    found = series(get_store().alias, 24)
    assert (found.total("completed"), found.total("failed")) == (5, 1)
    assert found.length == 144
    assert series(get_store().alias, 1).total("completed") == 4


def test_failures_come_with_the_most_frequent_first() -> None:
    for minutes in (30, 31, 100):
        ended(minutes, RunStatus.FAILED)
    ended(30, RunStatus.FAILED, function="other")
    count()
    found = [(one.function, one.name, one.count) for one in failures(get_store().alias, 24)]
    assert found == [("shop", "TimeoutError", 3), ("other", "TimeoutError", 1)]


def test_the_page_draws_a_bar_for_each_status_and_says_the_same_in_a_table(
    admin_client: Client,
) -> None:
    for status in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED):
        ended(30, status)
    count()
    shown = get(admin_client, f"{CHARTS}?hours=6")
    for kind in ("completed", "failed", "cancelled"):
        assert f'<rect class="durable-sum-{kind}" x="' in shown
    assert "TimeoutError" in shown
    assert '<th scope="col" class="durable-number">failed</th>' in shown


def test_no_locale_writes_commas_into_the_drawing(admin_client: Client) -> None:
    ended(30)
    count()
    with translation.override("de"):
        shown = get(admin_client, CHARTS)
    drawing = shown.split('<svg class="durable-chart"')[1].split("</svg>")[0]
    numbers = [part.split('"')[0] for part in drawing.split('="')[1:]]
    assert not [number for number in numbers if "," in number]


def test_pages_are_drawn_without_a_single_run(admin_client: Client) -> None:
    shown = get(admin_client, f"{CHARTS}?hours=99")
    assert "No run has failed." in shown
    assert "none has been running" in shown


def test_a_failure_that_no_worker_has_grouped_yet_is_not_denied(admin_client: Client) -> None:
    ended(1, RunStatus.FAILED)
    shown = get(admin_client, CHARTS)
    assert "Not grouped yet: a worker does that about two minutes after" in shown
    assert "No run has failed." not in shown


def test_charts_cost_no_more_queries_with_more_runs(admin_client: Client) -> None:
    get(admin_client, CHARTS)
    for minutes in range(20):
        ended(minutes, RunStatus.FAILED)
    count()
    with CaptureQueriesContext(connection) as few:
        get(admin_client, CHARTS)
    for minutes in range(20, 60):
        ended(minutes, RunStatus.FAILED)
    count()
    with CaptureQueriesContext(connection) as many:
        get(admin_client, CHARTS)
    assert len(many) <= len(few) <= 20


@pytest.mark.parametrize(
    ("most", "expected"), [(0, 1), (0.3, 0.4), (1, 1), (7, 8), (11, 20), (410, 500), (99, 100)]
)
def test_scales_end_at_round_numbers(most: float, expected: float) -> None:
    assert nice(most) == pytest.approx(expected)


def test_hostile_errors_are_shown_as_text(admin_client: Client) -> None:
    error = '{"code":"x","name":"<b>x</b>","message":"<script>alert()</script>","stack":""}'
    at = clock.now() - timedelta(minutes=30)
    rows.run(RunStatus.FAILED, function="shop", ended=at, error=error)
    count()
    shown = get(admin_client, CHARTS)
    assert "&lt;b&gt;x&lt;/b&gt;" in shown
    assert "<script>alert" not in shown


def test_health_says_what_is_wrong_and_what_to_do(admin_client: Client) -> None:
    rows.run(RunStatus.QUEUED, due_at=rows.ago(400), created=rows.ago(400))
    shown = get(admin_client, HEALTH)
    assert "critical" in shown
    assert "manage.py durable_worker" in shown
    assert "1 run to be driven, for 6 min" in shown


def test_a_priority_is_no_delay(admin_client: Client) -> None:
    rows.run(RunStatus.QUEUED, due_at=rows.ago(600), created=rows.ago(2))
    assert "for 10 min" not in get(admin_client, HEALTH)


@pytest.mark.parametrize("path", [CHARTS, HEALTH])
def test_staff_without_the_permission_see_nothing(path: str) -> None:
    user = User.objects.create_user("sam", is_staff=True)
    codename = "view_worker" if path == CHARTS else "view_runtally"
    user.user_permissions.set(Permission.objects.filter(codename=codename))
    browser = Client()
    browser.force_login(user)
    assert browser.get(path).status_code == 403


@pytest.mark.parametrize("may_read", [True, False])
def test_what_errors_say_is_for_who_may_see_payloads(may_read: bool) -> None:
    error = '{"code":"x","name":"KeyError","message":"a confidential word","stack":""}'
    at = clock.now() - timedelta(minutes=30)
    rows.run(RunStatus.FAILED, function="shop", ended=at, error=error)
    count()
    user = User.objects.create_user("sam", is_staff=True)
    codenames = ["view_runtally", *(["view_payload"] if may_read else [])]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = Client()
    browser.force_login(user)
    shown = get(browser, CHARTS)
    assert "KeyError" in shown
    assert ("confidential" in shown) is may_read
