from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InterfaceError

import durable
from durable.authoring.registry import Registry
from durable.management.commands import durable_health
from durable.models import RunStatus
from tests.integration import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(fresh_registry: Registry) -> None:
    durable.create_function(fn_id="shop", trigger=durable.TriggerEvent(event="order/paid"))(
        lambda ctx: None
    )


def asked(*args: str, **options: Any) -> tuple[int, str]:
    """Return the exit code, and what was printed."""
    out = StringIO()
    try:
        call_command("durable_health", *args, stdout=out, no_color=True, **options)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_well_site_ends_with_0_and_says_who_works() -> None:
    rows.worker()
    code, said = asked()
    assert code == 0
    assert "1 of 1 seen lately; clusters: 1" in said
    assert "60 a minute; 1.00 messages for each" in said
    assert "durable on here: 1 of 1 workers" in said


def test_site_without_workers_ends_with_1_and_says_what_to_do() -> None:
    code, said = asked()
    assert code == 1
    assert "CRITICAL no-worker: No worker is there" in said
    assert "Start `manage.py durable_worker`" in said


def test_age_of_the_oldest_work_is_a_threshold() -> None:
    rows.worker(rate=0.0)
    rows.run(RunStatus.QUEUED, due_at=rows.ago(120))
    assert asked()[0] == 1
    assert asked("--oldest=600")[0] == 0


def test_warnings_count_when_asked() -> None:
    rows.worker(is_supervised=False)
    assert asked()[0] == 0
    assert asked("--fail-level=warning")[0] == 1


def test_json_is_for_programs() -> None:
    rows.worker()
    run = rows.run(RunStatus.RUNNING, due_at=rows.ago(90), owner="gone:4:1")
    code, said = asked(format="json")
    found = json.loads(said)
    assert (code, found["level"]) == (1, "critical")
    assert (found["workers_alive"], found["claims_per_minute"]) == (1, 60.0)
    assert found["stuck"][0]["run"] == str(run.pk)
    assert found["oldest_due_seconds"] > 60
    assert found["concerns"][0]["code"] == "stuck-leases"


def test_database_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise InterfaceError("connection\n refused")

    monkeypatch.setattr(durable_health, "look", fail)
    with pytest.raises(CommandError, match="'default' cannot be asked: connection refused"):
        asked()


def test_quiet_tells_by_the_exit_code_alone() -> None:
    assert asked(verbosity=0) == (1, "")


@pytest.mark.parametrize("wrong", ["--oldest=soon", "--fail-level=x", "--database=nowhere"])
def test_wrong_arguments_are_clear_errors(wrong: str) -> None:
    with pytest.raises(CommandError, match=wrong.partition("=")[0]):
        asked(wrong)
