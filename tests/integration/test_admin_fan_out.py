"""The pages of a run whose steps are runs, and of such a run; arguments, for who may see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from durable.models import Run, RunStatus, Step, StepStatus
from tests.integration import rows
from tests.integration.browsers import get, staff

pytestmark = pytest.mark.django_db

ARGUMENTS = '[{"password":"hush"},"seven"]'


def page(browser: Client, run: Run) -> str:
    return get(browser, f"/admin/durable/run/{run.pk}/change/")


def family(**fields: Any) -> tuple[Run, Step, Run]:
    """Store a run that waits for the run of a step of it."""
    parent = rows.run(RunStatus.WAITING, pending=1)
    step = rows.step(parent, "resize", StepStatus.PENDING, op="child", branch="0", mode="wait")
    fields = {"status": RunStatus.RUNNING, "event": None, **fields}
    child = rows.run(parent=parent, parent_key=step.key, step="resize", **fields)
    return parent, step, child


def test_a_run_of_a_step_is_listed_with_the_step_and_links_to_its_run(admin_client: Client) -> None:
    parent, _, child = family()
    assert "shop / resize" in get(admin_client, "/admin/durable/run/")
    shown = page(admin_client, child)
    assert "Step of" in shown
    assert f"/admin/durable/run/{parent.pk}/change/" in shown


def test_a_step_links_to_its_run_and_is_drawn_as_it_is(admin_client: Client) -> None:
    parent, step, child = family()
    shown = page(admin_client, parent)
    assert f"/admin/durable/run/{child.pk}/change/" in shown
    assert "waiting for 1 run of a step" in shown
    assert "running" in shown
    step.refresh_from_db()
    assert step.status == StepStatus.PENDING


def test_a_step_tells_how_often_its_run_has_failed(admin_client: Client) -> None:
    parent, _, child = family()
    step = rows.step(child, "resize", StepStatus.RETRYING)
    rows.failed_try(child, step)
    rows.failed_try(child, step)
    assert "2 failed tries" in page(admin_client, parent)


def live(browser: Client, run: Run, etag: str = "") -> Any:
    return browser.get(f"/admin/durable/run/{run.pk}/live/", headers={"If-None-Match": etag})


def test_a_living_page_is_sent_again_when_the_run_of_a_step_has_begun(
    admin_client: Client,
) -> None:
    parent, _, child = family(status=RunStatus.QUEUED)
    etag = live(admin_client, parent)["ETag"]
    Run.objects.filter(pk=child.pk).update(
        status=RunStatus.RUNNING, owner="web:1:1", started=rows.ago(0)
    )
    assert live(admin_client, parent, etag).status_code == 200


def test_a_living_page_is_sent_again_when_a_try_of_the_run_of_a_step_has_failed(
    admin_client: Client,
) -> None:
    parent, step, child = family()
    etag = live(admin_client, parent)["ETag"]
    rows.failed_try(child, step)
    assert live(admin_client, parent, etag).status_code == 200


def test_open_runs_of_a_function_are_counted_without_those_of_steps(admin_client: Client) -> None:
    family()
    for path in ("", "shop/change/"):
        shown = get(admin_client, f"/admin/durable/functionconfig/{path}")
        assert "1 waiting" in shown
        assert "1 running" not in shown
        assert "?function=shop&amp;status__exact=waiting&amp;kin=whole" in shown
        assert "?function=shop&amp;kin=part" in shown
        assert "1 run of a step" in shown


def test_a_list_of_whole_runs_has_those_that_were_invoked_and_none_of_steps(
    admin_client: Client,
) -> None:
    parent, _, child = family()
    invoked = rows.run(RunStatus.WAITING, parent=parent)
    listed = {
        kin: set(admin_client.get(f"/admin/durable/run/?kin={kin}").context["cl"].result_list)
        for kin in ("whole", "part")
    }
    assert listed == {"whole": {parent, invoked}, "part": {child}}


def test_a_run_of_a_step_is_offered_to_be_cancelled_and_nothing_else(admin_client: Client) -> None:
    _, _, child = family()
    assert f"/run/{child.pk}/act/cancel/" in page(admin_client, child)
    child = family(status=RunStatus.FAILED)[2]
    assert "/act/" not in page(admin_client, child).replace("/act/cancel/", "")


def test_arguments_are_shown_without_what_is_to_be_hidden(admin_client: Client) -> None:
    run = rows.run()
    step = rows.step(run, "charge", given=ARGUMENTS)
    shown = page(admin_client, run)
    assert "Arguments" in shown
    assert "seven" in shown
    assert "hush" not in shown
    value = get(admin_client, f"/admin/durable/run/{run.pk}/value/step-given/{step.pk}/")
    assert "seven" in value
    assert "hush" not in value
    own = get(admin_client, f"/admin/durable/step/{step.pk}/change/")
    assert "seven" in own
    assert "hush" not in own


def test_arguments_are_for_who_may_see_payloads() -> None:
    run = rows.run()
    step = rows.step(run, "charge", given=ARGUMENTS)
    browser = staff("view_run", "view_step")
    assert "seven" not in page(browser, run)
    assert "seven" not in get(browser, f"/admin/durable/step/{step.pk}/change/")
    path = f"/admin/durable/run/{run.pk}/value/step-given/{step.pk}/"
    assert browser.get(path).status_code == 403


def test_a_run_says_with_which_version_it_was_started(admin_client: Client) -> None:
    run = rows.run(version="4f1c9a0b7d2e")
    assert "4f1c9a0b7d2e" in page(admin_client, run)


def test_a_function_says_with_which_versions_its_last_runs_were_started(
    admin_client: Client,
) -> None:
    for version in ("0ld", "n3w", "n3w"):
        rows.run(version=version)
    shown = get(admin_client, "/admin/durable/functionconfig/shop/change/")
    assert '<code class="durable-code">n3w</code> 2 of the last 3 completed runs' in shown
    assert '<code class="durable-code">0ld</code> 1 of the last 3 completed runs' in shown


def test_the_page_on_health_says_how_many_workers_have_which_version(admin_client: Client) -> None:
    for _ in range(2):
        rows.worker(functions='{"shop": "n3w"}')
    assert "2 of 2" in get(admin_client, "/admin/durable/worker/")
