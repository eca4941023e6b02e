from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from durable.models import RunStatus
from tests.integration import rows

pytestmark = pytest.mark.django_db


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
        rows.failed_try(rows.run(status))
    with CaptureQueriesContext(connection) as seen:
        listed("--limit=50")
    assert len(seen) == 4


def test_colour_marks_only_the_status() -> None:
    rows.run(RunStatus.FAILED, "failed")
    out = StringIO()
    call_command("durable_list", stdout=out, force_color=True)
    assert out.getvalue().count("\x1b[0m") == 1
