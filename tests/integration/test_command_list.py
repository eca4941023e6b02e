from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

import durable
from durable.authoring.registry import Registry
from durable.engine import cron
from durable.management.words import minute
from durable.models import RunStatus, Schedule
from durable.store import get_store
from tests.integration import rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_registry")]


def listed(*args: str, **options: Any) -> list[str]:
    out = StringIO()
    call_command("durable_list", *args, stdout=out, no_color=True, **options)
    return out.getvalue().splitlines()


def test_runs_are_listed_newest_first_with_their_progress() -> None:
    older = rows.run()
    rows.step(older, "charge")
    newer = rows.run(RunStatus.FAILED, started=rows.ago(130), ended=rows.ago(124))
    head, first, second = listed()
    assert head.split()[:3] == ["ID", "STATUS", "FUNCTION"]
    assert first.split() == [
        *(str(newer.pk), "✗", "failed", "shop", "2", "min", "ago", "6.0", "s", "0/0"),
        "TimeoutError",
    ]
    assert second.split()[:4] == [str(older.pk), "✓", "completed", "shop"]
    assert second.split()[-1] == "1/1"


def test_list_is_narrowed_by_status_function_and_number() -> None:
    wanted = [str(rows.run(RunStatus.FAILED, "a").pk) for _ in range(3)]
    rows.run(RunStatus.FAILED, "b")
    rows.run(RunStatus.COMPLETED, "a")
    found = listed("--status=failed", "--function=a", "--limit=2", verbosity=0)
    assert found == wanted[:0:-1]


def test_json_is_for_programs() -> None:
    rows.worker()
    run = rows.run(RunStatus.QUEUED, due_at=rows.ago(60))
    (found,) = json.loads("".join(listed(format="json")))
    assert (found["id"], found["status"]) == (str(run.pk), "queued")
    assert found["started"] is None
    assert found["why"] == "no worker has taken it for 1 min"


def test_empty_list_says_so_to_people_and_programs() -> None:
    assert listed() == ["No runs."]
    assert json.loads("".join(listed(format="json"))) == []
    assert listed(verbosity=0) == []


@pytest.mark.parametrize(
    "wrong", [["--status=done"], ["--limit=0"], ["--limit=x"], ["--format=xml"]]
)
def test_wrong_arguments_are_clear_errors(wrong: list[str]) -> None:
    with pytest.raises(CommandError, match=wrong[0].partition("=")[0]):
        listed(*wrong)


def test_more_runs_cost_no_more_queries() -> None:
    for status in RunStatus.values * 3:
        rows.failed_try(rows.run(status, attempt=1))
    with CaptureQueriesContext(connection) as seen:
        listed("--limit=50")
    assert len(seen) == 5


def test_colour_marks_only_the_status() -> None:
    rows.run(RunStatus.FAILED, "failed")
    out = StringIO()
    call_command("durable_list", stdout=out, force_color=True)
    assert out.getvalue().count("\x1b[0m") == 1


@override_settings(TIME_ZONE="Asia/Tokyo")
def test_what_comes_by_schedule_is_shown_in_the_zone_of_the_site(
    fresh_registry: Registry, clock: ModuleType
) -> None:
    clock.travel(datetime(2027, 1, 1, 12, tzinfo=UTC) - clock.now())
    nightly("TZ=Europe/Berlin 30 1 * * *")
    cron.sync(get_store())
    cron.sync(get_store())
    Schedule.objects.update(fired=datetime(2027, 1, 1, 0, 30, tzinfo=UTC))
    assert listed()[1:] == [
        "",
        "FUNCTION  CRON LINE                    NEXT                  LAST                  "
        "WHY IT MAY NOT COME",
        "nightly   TZ=Europe/Berlin 30 1 * * *  2027-01-02 09:30 JST  2027-01-01 09:30 JST",
    ]


def test_a_line_that_no_worker_has_seen_is_shown_with_its_next_time(
    fresh_registry: Registry, clock: ModuleType
) -> None:
    clock.travel(datetime(2027, 1, 1, 12, tzinfo=UTC) - clock.now())
    nightly("TZ=UTC @daily")
    (shown,) = listed("--function=nightly")[3:]
    assert minute(datetime(2027, 1, 2, tzinfo=UTC)) in shown
    assert shown.endswith("-     no worker has been started since it was written")


def test_a_schedule_that_nobody_here_takes_says_why(
    fresh_registry: Registry, clock: ModuleType
) -> None:
    nightly("@daily", "@hourly")
    cron.sync(get_store())
    cron.sync(get_store())
    fresh_registry.crons.pop(("nightly", "@hourly"))
    clock.travel(timedelta(days=1, minutes=5))
    Schedule.objects.update(due_at=rows.ago(300))
    assert [shown.rpartition("  ")[2] for shown in listed()[3:]] == [
        "no worker has taken it for 5 min",
        "the function has no such line any more",
    ]
    fresh_registry.functions.pop("nightly")
    fresh_registry.crons.clear()
    assert listed()[3].endswith("  the function is not registered here")


def test_schedules_are_no_runs(fresh_registry: Registry) -> None:
    nightly("@daily")
    assert listed("--status=failed") == ["No runs."]
    assert listed("--function=other") == ["No runs."]
    assert json.loads("".join(listed(format="json"))) == []


def nightly(*lines: str) -> None:
    triggers = [durable.TriggerCron(cron=line) for line in lines]
    durable.create_function(fn_id="nightly", trigger=triggers)(lambda ctx: None)
