"""The page of a run: its timeline, and the table of steps that says the same."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from durable.models import Run, RunStatus, StepStatus
from tests.integration import rows
from tests.integration.browsers import get

pytestmark = pytest.mark.django_db


def page(browser: Client, run: Run) -> str:
    return get(browser, f"/admin/durable/run/{run.pk}/change/")


def drawn(shown: str, lane: str) -> list[str]:
    """Return the kinds of the bars in the first lane of a kind."""
    drawing = shown.split(f'class="durable-lane durable-lane-{lane}')[1].split("</svg>")[0]
    return re.findall(r"durable-bar durable-bar-(\w+)", drawing)


def test_branches_have_one_number_wherever_they_are_named(admin_client: Client) -> None:
    run = rows.run()
    for name, branch in (("pick", "0"), ("pack", "0"), ("bill", "1")):
        step = rows.step(run, name, branch=branch, mode="wait", wave=1)
    shown = page(admin_client, run)
    assert re.findall(r"branch (\d)\s", shown)[:2] == ["1", "2"]
    assert re.findall(r"<td>(\d)</td>", shown) == ["1", "1", "2"]
    assert '<div class="readonly">2</div>' in get(
        admin_client, f"/admin/durable/step/{step.pk}/change/"
    )


def test_a_pause_before_the_next_try_is_no_time_that_a_step_took(admin_client: Client) -> None:
    run = rows.run(RunStatus.QUEUED, started=rows.ago(9))
    step = rows.step(run, "charge", StepStatus.RETRYING, attempt=1)
    rows.failed_try(run, step)
    row = page(admin_client, run).split(f'id="durable-step-{step.pk}"')[1].split("</tr>")[0]
    assert '<td class="durable-number">500 ms</td>' in row
    assert "8.0 s" not in row
    listed = get(admin_client, f"/admin/durable/step/?run__id__exact={run.pk}")
    assert '<td class="field-duration">-</td>' in listed


def test_a_run_that_sleeps_is_not_drawn_as_if_it_ran(admin_client: Client) -> None:
    run = rows.run(RunStatus.WAITING, pending=1, created=rows.ago(10), started=rows.ago(10))
    rows.step(run, "nap", StepStatus.PENDING, op="sleep", mode="wait", started=rows.ago(8))
    shown = page(admin_client, run)
    assert "at work, 2.0 s" in shown
    assert sorted(drawn(shown, "run")) == ["queue", "running", "sleep"]
