from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from durable.admin import payload
from durable.models import Event, Run, RunStatus, StepStatus
from tests.integration import rows

pytestmark = pytest.mark.django_db


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
    assert "durable-depth-3" in shown
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


def value(browser: Client, run: Run, what: str, number: int = 0) -> str:
    response = browser.get(f"/admin/durable/run/{run.pk}/value/{what}/{number}/")
    assert response.status_code == 200, response
    return response.content.decode()


def test_failed_run_shows_what_kind_of_error_it_was_and_the_traceback_on_demand(
    admin_client: Client,
) -> None:
    run = rows.run(RunStatus.FAILED)
    shown = page(admin_client, run)
    assert "TimeoutError" in shown
    assert "Traceback …" not in shown
    assert value(admin_client, run, "error") == "Traceback …"


def test_error_without_traceback_shows_its_whole_message(admin_client: Client) -> None:
    error = '{"code":"x","name":"Halted","message":"' + "long " * 60 + '","stack":""}'
    run = rows.run(RunStatus.FAILED, error=error)
    assert "long " * 60 in value(admin_client, run, "error")


def test_run_that_rests_says_why(admin_client: Client) -> None:
    run = rows.run(RunStatus.QUEUED, created=rows.ago(60), due_at=rows.ago(60), crashes=2)
    shown = page(admin_client, run)
    assert "queued for 1 min, and no worker is there: start durable_worker" in shown
    assert "Lost workers" in shown


def test_failed_tries_are_shown_on_the_run_and_on_their_step(admin_client: Client) -> None:
    run = rows.run()
    tried, other = rows.step(run, "charge", attempt=1), rows.step(run, "mail")
    rows.failed_try(run, tried)
    assert f"durable-tries-{tried.pk}" in page(admin_client, run)
    assert f"durable-tries-{other.pk}" not in page(admin_client, run)
    assert "durable-failed-tries" in page(admin_client, tried)
    assert "durable-failed-tries" not in page(admin_client, other)


def test_failed_try_shows_its_traceback(admin_client: Client) -> None:
    attempt = rows.failed_try(rows.run(), code="worker_lost")
    shown = page(admin_client, attempt)
    assert "Traceback …" in shown
    assert "worker_lost" in shown


def test_large_values_are_loaded_when_somebody_asks(admin_client: Client) -> None:
    run = rows.run()
    large = rows.step(run, "charge")
    rows.large(run, '{"whole":"run"}')
    rows.large(run, '{"one":"' + "step" * 200 + '"}', large)
    shown = page(admin_client, run)
    assert "stepstep" not in shown
    assert f"/value/step/{large.pk}/" in shown
    assert '"whole": "run"' in value(admin_client, run, "run")
    assert "stepstep" in value(admin_client, run, "step", large.pk)
    assert "stepstep" in page(admin_client, large)


def test_the_page_of_a_step_cuts_a_huge_result_and_says_so(admin_client: Client) -> None:
    step = rows.step(rows.run())
    rows.large(step.run, '"' + "x" * payload.MOST + '"', step)
    shown = page(admin_client, step)
    assert "The first 65,536 of 65,538 characters" in shown
    assert "x" * (payload.MOST - 1) in shown


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


def test_a_run_of_many_steps_is_shown_in_pages_with_its_groups_above(admin_client: Client) -> None:
    run = rows.run()
    for number in range(120):
        status = StepStatus.FAILED if number == 7 else StepStatus.DONE
        rows.step(run, f"s{number}", status, branch=str(number), wave=1, mode="wait")
    shown = page(admin_client, run)
    assert ">s98</a>" in shown
    assert ">s99</a>" not in shown
    assert "119 of 120 steps done, 1 failed, 0 open" in shown
    browser = admin_client.get(f"/admin/durable/run/{run.pk}/change/?lanes=2")
    assert ">s99</a>" in browser.content.decode()
    failed = admin_client.get(f"/admin/durable/run/{run.pk}/change/?only=failed").content.decode()
    assert ">s7</a>" in failed
    assert ">s8</a>" not in failed


@pytest.mark.parametrize("query", ["lanes=x", "lanes=-1", "lanes=99999", "only=no", "lanes=٣"])
def test_a_page_of_steps_that_is_not_there_is_the_nearest(admin_client: Client, query: str) -> None:
    step = rows.step(rows.run())
    response = admin_client.get(f"/admin/durable/run/{step.run_id}/change/?{query}")
    assert f"durable-step-{step.pk}" in response.content.decode()


def test_event_shows_its_data_and_the_runs_it_started(admin_client: Client) -> None:
    run = rows.run()
    assert run.event is not None
    shown = page(admin_client, run.event)
    assert "&quot;order&quot;: 7" in shown
    assert f"/admin/durable/run/{run.pk}/change/" in shown


def test_event_shows_with_which_key_it_was_sent(admin_client: Client) -> None:
    event = rows.event()
    Event.objects.update(key="dk5f0c1a9b7e3d")
    assert "dk5f0c1a9b7e3d" in page(admin_client, event)


def test_event_that_nobody_listened_to_says_so(admin_client: Client) -> None:
    assert "no function listened" in page(admin_client, rows.event())
