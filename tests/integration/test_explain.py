from __future__ import annotations

import re
from typing import Any

import pytest

from durable.engine.words import span
from durable.ids import new_id
from durable.models import Run, RunStatus, StepStatus, Wait, Worker
from durable.operations.explain import explain
from durable.operations.outlook import Outlook
from tests.integration import rows

pytestmark = pytest.mark.django_db


def outlook(run: Run) -> Outlook:
    return explain("default", [run])[run.pk]


def why(run: Run) -> str:
    """Return the reason, with every number of seconds written as N."""
    return re.sub(r"\d+(\.\d)? s\b|\d+ ms", "N s", outlook(run).why)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 ms"),
        (0.0123, "12 ms"),
        (0.9996, "1.0 s"),
        (3.21, "3.2 s"),
        (59.7, "1 min"),
        (245, "4 min 5 s"),
        (7200, "2 h"),
        (7500, "2 h 5 min"),
        (90_000 * 10, "10 d 10 h"),
    ],
)
def test_spans_are_said_in_two_units(seconds: float, words: str) -> None:
    assert span(seconds) == words


def test_finished_run_needs_no_reason() -> None:
    assert [why(rows.run(s)) for s in (RunStatus.COMPLETED, RunStatus.CANCELLED)] == ["", ""]


def test_failed_run_names_its_error() -> None:
    assert why(rows.run(RunStatus.FAILED)) == "TimeoutError"


def test_run_that_nobody_takes_says_for_how_long() -> None:
    rows.worker()
    assert why(rows.run(RunStatus.QUEUED, due_at=rows.ago(40))) == "no worker has taken it for N s"


def test_run_that_was_just_queued_is_only_queued() -> None:
    assert why(rows.run(RunStatus.QUEUED, due_at=rows.ago(0))) == "queued"


def test_run_that_waits_while_no_worker_is_there_says_since_when() -> None:
    run = rows.run(RunStatus.QUEUED, created=rows.ago(300), due_at=rows.ago(300))
    nobody = "queued for 5 min, and no worker is there: start durable_worker"
    assert explain("default", [run])[run.pk].why == nobody
    told: dict[str, Any] = {
        "id": new_id(),
        "owner": "here:1:1",
        "host": "here",
        "pid": 1,
        "parent": 1,
    }
    Worker.objects.create(started=rows.ago(900), seen=rows.ago(240), **told)
    assert explain("default", [run])[run.pk].why == "queued: no worker seen for 4 min"
    Worker.objects.update(seen=rows.ago(1))
    assert explain("default", [run])[run.pk].why == "no worker has taken it for 5 min"


def test_run_of_a_future_event_says_when_it_starts() -> None:
    assert re.fullmatch(
        r"starts at the time of its event, 2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d, in N s",
        why(rows.run(RunStatus.QUEUED)),
    )


def test_function_that_is_missing_is_the_reason() -> None:
    run = rows.run(RunStatus.QUEUED, reason="No function 'gone' is registered.")
    assert why(run) == "No function 'gone' is registered. Looked at again in N s"


def test_retry_of_the_functions_own_code_is_counted() -> None:
    run = rows.run(RunStatus.QUEUED, attempt=1)
    rows.failed_try(run, retries=2)
    assert why(run) == "retry 1 of 2 in N s: TimeoutError"


def test_retry_of_a_step_names_the_step() -> None:
    run = rows.run(RunStatus.QUEUED, started=rows.ago(5))
    step = rows.step(run, "charge", StepStatus.RETRYING, attempt=2)
    rows.failed_try(run, step, 0, name="ValueError")
    rows.failed_try(run, step, 1)
    assert why(run) == "retry 2 of 3 in N s: TimeoutError in charge"


def test_retry_of_which_nobody_said_how_many_there_are_is_not_counted() -> None:
    run = rows.run(RunStatus.QUEUED, started=rows.ago(5))
    step = rows.step(run, "charge", StepStatus.RETRYING, attempt=2)
    rows.failed_try(run, step, 1, retries=None)
    assert why(run) == "next try in N s"


def test_run_in_good_hands_needs_no_reason() -> None:
    assert why(rows.run(RunStatus.RUNNING)) == ""


def test_silent_worker_is_noticed() -> None:
    run = rows.run(RunStatus.RUNNING, due_at=rows.ago(5))
    assert why(run) == "its worker is silent; its lease passed N s ago"


def test_lost_workers_are_counted() -> None:
    run = rows.run(RunStatus.RUNNING, crashes=2)
    assert why(run) == "running again after 2 lost workers"


def test_parked_run_counts_what_it_waits_for() -> None:
    run = rows.run(RunStatus.WAITING, pending=2)
    rows.step(run, "a", StepStatus.RUNNING, branch="0")
    rows.step(run, "b", StepStatus.PENDING, branch="1")
    assert why(run) == "waiting for 2 parallel steps; 1 running"


def test_parked_run_tells_of_the_retry_it_waits_for() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    rows.step(run, "a", branch="0")
    step = rows.step(run, "b", StepStatus.PENDING, branch="1", attempt=1)
    rows.failed_try(run, step)
    assert why(run) == "waiting for 1 parallel step; retry 1 of 3 in N s: TimeoutError in b"


def test_error_of_a_step_that_is_over_is_not_the_reason() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    waits = rows.step(run, "b", StepStatus.PENDING, branch="1", attempt=1)
    rows.failed_try(run, waits)
    over = rows.step(run, "a", StepStatus.FAILED, branch="0")
    rows.failed_try(run, over, 3, name="KeyError")
    assert why(run).endswith("TimeoutError in b")


def test_parked_run_whose_steps_nobody_takes_says_so() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    rows.step(run, "a", StepStatus.PENDING, branch="0", due_at=rows.ago(40))
    assert why(run) == "waiting for 1 parallel step; no worker has taken one for N s"


def test_sleeping_run_says_until_when() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    rows.step(run, "nap", StepStatus.PENDING, op="sleep", due_at=rows.ago(-30))
    assert re.fullmatch(r"sleeping until [-\d]{10} [:\d]{8}, N s left", why(run))


def waiting_for(run: Run, *events: str) -> None:
    for event in events:
        step = rows.step(run, event, StepStatus.PENDING, op="wait", due_at=rows.ago(-30))
        Wait.objects.create(run=run, step=step, event=event, created=rows.ago(1))


def test_run_that_waits_for_an_event_names_it() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    waiting_for(run, "order/paid")
    assert why(run) == "waiting for event order/paid, N s left"


def test_run_that_waits_for_several_events_counts_them() -> None:
    run = rows.run(RunStatus.WAITING, pending=2)
    waiting_for(run, "order/paid", "order/sent")
    assert why(run) == "waiting for 2 events, order/paid and others, N s left"


def test_run_that_sleeps_and_works_counts_what_it_waits_for() -> None:
    run = rows.run(RunStatus.WAITING, pending=2)
    rows.step(run, "nap", StepStatus.PENDING, op="sleep", due_at=rows.ago(-30))
    rows.step(run, "a", StepStatus.RUNNING)
    assert why(run) == "waiting for 2 parallel steps; 1 running"


def test_steps_are_counted() -> None:
    run = rows.run(RunStatus.WAITING, pending=1)
    rows.step(run, "a")
    rows.step(run, "b", StepStatus.FAILED)
    rows.step(run, "c", StepStatus.PENDING)
    assert (outlook(run).done, outlook(run).total) == (2, 3)


@pytest.mark.parametrize(("count", "words"), [(1, "1 invoked run"), (2, "2 invoked runs")])
def test_run_that_invoked_others_says_how_many_it_waits_for(count: int, words: str) -> None:
    run = rows.run(RunStatus.WAITING, pending=count)
    for number in range(count):
        rows.step(run, f"ask {number}", StepStatus.PENDING, op="invoke", due_at=rows.ago(-9999))
    assert why(run) == f"waiting for {words}"


def test_run_that_waits_for_a_retry_and_an_invoked_run_says_when_it_is_retried() -> None:
    run = rows.run(RunStatus.WAITING, pending=2)
    rows.step(run, "ask", StepStatus.PENDING, op="invoke", due_at=rows.ago(-9999))
    rows.step(run, "work", StepStatus.PENDING, due_at=rows.ago(-30))
    assert why(run) == "waiting for 2 parallel steps; next try in N s"
