from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from durable.admin import payload, step
from durable.models import Run, RunStatus, StepStatus
from tests.integration import rows

pytestmark = pytest.mark.django_db

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7|add:1 }}{% now 'Y' %}",
    "%s %(name)s {0}",
    "&lt;b&gt; &amp;",
    "\u202eevil\u200b",
    "</pre></td><h1>",
]


def page(browser: Client, row: Any) -> str:
    name = row._meta.model_name
    response = browser.get(f"/admin/durable/{name}/{row.pk}/change/")
    assert response.status_code == 200, response
    return response.content.decode()


def test_run_shows_event_times_result_and_steps(admin_client: Client) -> None:
    run = rows.run()
    rows.step(run, "charge")
    rows.step(run, "mail", branch="0.1")
    shown = page(admin_client, run)
    assert f"/admin/durable/event/{run.event_id}/change/" in shown
    assert "&quot;total&quot;: 42" in shown
    assert "5.0 s" in shown
    assert "2/2" in shown
    assert "durable-depth-2" in shown
    assert "&quot;fine&quot;" in shown


def test_who_invoked_a_run_and_whom_it_invoked_is_linked(admin_client: Client) -> None:
    parent = rows.run(function="parent")
    run = rows.run(parent=parent)
    child = rows.run(function="child", parent=run)
    shown = page(admin_client, run)
    for other in (parent, child):
        assert f'/admin/durable/run/{other.pk}/change/">{other.function}</a>' in shown
    assert "Invoked by" in shown
    assert "Invoked by" not in page(admin_client, parent)


def test_failed_run_shows_error_and_traceback(admin_client: Client) -> None:
    shown = page(admin_client, rows.run(RunStatus.FAILED))
    assert "TimeoutError: too slow" in shown
    assert '<pre class="durable-pre" tabindex="0">Traceback …</pre>' in shown


def test_error_without_traceback_shows_its_whole_message(admin_client: Client) -> None:
    error = '{"code":"x","name":"Halted","message":"' + "long " * 60 + '","stack":""}'
    assert "long " * 60 in page(admin_client, rows.run(RunStatus.FAILED, error=error))


def test_run_that_rests_says_why(admin_client: Client) -> None:
    run = rows.run(RunStatus.QUEUED, due_at=rows.ago(60), crashes=2)
    shown = page(admin_client, run)
    assert "no worker has taken it for 1 min" in shown
    assert "Lost workers" in shown


def test_failed_tries_are_shown_on_the_run_and_on_their_step(admin_client: Client) -> None:
    run = rows.run()
    tried, other = rows.step(run, "charge", attempt=1), rows.step(run, "mail")
    rows.failed_try(run, tried)
    assert "durable-failed-tries" in page(admin_client, run)
    assert "durable-failed-tries" in page(admin_client, tried)
    assert "durable-failed-tries" not in page(admin_client, other)


def test_failed_try_shows_its_traceback(admin_client: Client) -> None:
    attempt = rows.failed_try(rows.run(), code="worker_lost")
    shown = page(admin_client, attempt)
    assert "Traceback …" in shown
    assert "worker_lost" in shown


def test_large_result_is_read_from_where_it_is(admin_client: Client) -> None:
    run = rows.run()
    large = rows.step(run, "charge")
    rows.large(run, '{"whole":"run"}')
    rows.large(run, '{"one":"step"}', large)
    assert "&quot;whole&quot;: &quot;run&quot;" in page(admin_client, run)
    assert "large: see the step" in page(admin_client, run)
    assert "&quot;one&quot;: &quot;step&quot;" in page(admin_client, large)


def test_huge_result_is_cut_and_says_so(admin_client: Client) -> None:
    run = rows.run()
    rows.large(run, '"' + "x" * payload.MOST + '"')
    shown = page(admin_client, run)
    assert "The first 65,536 of 65,538 characters" in shown
    assert "x" * (payload.MOST - 1) in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(admin_client: Client, text: str) -> None:
    error = rows._json({"code": text, "name": text, "message": text, "stack": text})
    event = rows.event(text, custom_id=text, data=rows._json({text: text}))
    run = rows.run(RunStatus.FAILED, text, event=event, error=error, output=rows._json(text))
    hit = rows.step(run, text, StepStatus.FAILED, error=error, output=rows._json(text))
    attempt = rows.failed_try(run, hit, name=text, message=text, stack=text, code=text)
    for row in (event, run, hit, attempt):
        shown = page(admin_client, row)
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "<h1>" not in shown.replace("<h1>View", "")
        listed = admin_client.get(f"/admin/durable/{row._meta.model_name}/").content.decode()
        assert "<script>alert" not in listed
        assert "<img src=x" not in listed


def test_pages_hold_no_inline_style_or_script(admin_client: Client) -> None:
    run = rows.run(RunStatus.FAILED)
    attempt = rows.failed_try(run, rows.step(run))
    for row in (run, run.event, run.steps.get(), attempt):
        shown = page(admin_client, row)
        assert " style=" not in shown
        assert " onclick=" not in shown
        assert "<style" not in shown


def queries(browser: Client, run: Run) -> int:
    with CaptureQueriesContext(connection) as seen:
        page(browser, run)
    return len(seen)


def test_more_steps_cost_no_more_queries(admin_client: Client) -> None:
    few, many = rows.run(), rows.run()
    rows.failed_try(few, rows.step(few))
    for number in range(30):
        rows.failed_try(many, rows.step(many, f"s{number}"))
    page(admin_client, few)
    assert queries(admin_client, few) == queries(admin_client, many) <= 9


def test_run_with_many_steps_shows_the_first_and_links_to_all(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "MOST", 3)
    run = rows.run()
    for number in range(4):
        rows.step(run, f"s{number}")
    shown = page(admin_client, run)
    assert ">s2<" in shown
    assert ">s3<" not in shown
    assert f"/admin/durable/step/?run__id__exact={run.pk}" in shown


def test_event_shows_its_data_and_the_runs_it_started(admin_client: Client) -> None:
    run = rows.run()
    assert run.event is not None
    shown = page(admin_client, run.event)
    assert "&quot;order&quot;: 7" in shown
    assert f"/admin/durable/run/{run.pk}/change/" in shown


def test_event_that_nobody_listened_to_says_so(admin_client: Client) -> None:
    assert "no function listened" in page(admin_client, rows.event())
