from __future__ import annotations

from datetime import timedelta
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

import durable
from durable.models import Operation, Run, RunStatus
from durable.operations.audit import Actor, write_down
from durable.store import get_store
from tests.integration import rows

pytestmark = pytest.mark.django_db


def told(*args: str, **options: Any) -> list[str]:
    out = StringIO()
    call_command("durable_prune", *args, stdout=out, no_color=True, **options)
    return out.getvalue().splitlines()


@pytest.fixture
def old(clock: ModuleType) -> None:
    for function in ("shop", "shop", "audit"):
        rows.run(function=function)
    rows.run(RunStatus.FAILED)
    clock.travel(timedelta(days=31))


@pytest.mark.usefixtures("old")
def test_it_says_what_it_removed_and_the_book_says_who() -> None:
    assert told("--older-than=30d") == [
        "audit: 1 runs and 1 events removed",
        "shop: 3 runs and 3 events removed",
    ]
    found = Operation.objects.filter(action="prune").values_list("target", "via", "after")
    assert set(found) == {
        ("audit", "command", '{"runs":1,"events":1}'),
        ("shop", "command", '{"runs":3,"events":3}'),
    }
    assert told("--older-than=30d") == ["Nothing is old enough."]


@pytest.mark.usefixtures("old")
def test_dry_run_removes_nothing() -> None:
    said = told("--older-than=30d", "--dry-run")
    assert said == ["audit: 1 runs would be removed", "shop: 3 runs would be removed"]
    assert (Run.objects.count(), Operation.objects.count()) == (4, 0)


@pytest.mark.usefixtures("old")
def test_it_is_narrowed_by_function_and_status() -> None:
    told("--older-than=30d", "--function=shop", "--status=completed")
    assert sorted(Run.objects.values_list("function", "status")) == [
        ("audit", "completed"),
        ("shop", "failed"),
    ]


@pytest.mark.usefixtures("old", "fresh_registry")
def test_a_function_of_which_nothing_is_known_is_warned_of(
    capsys: pytest.CaptureFixture[str],
) -> None:
    durable.create_function(fn_id="young", trigger=durable.TriggerEvent(event="a"))(
        lambda ctx: None
    )
    known = ["--function=shop", "--function=young"]
    assert told("--older-than=30d", *known)
    assert capsys.readouterr().err == ""
    assert told("--older-than=30d", "--function=yuong") == ["Nothing is old enough."]
    assert capsys.readouterr().err == (
        "No code here defines a function 'yuong', and there is no run of it. "
        "Did you mean 'young'?\n"
    )


@pytest.mark.usefixtures("old")
def test_progress_is_told_when_asked() -> None:
    assert "shop: 1 runs and 1 events so far" in told("--older-than=30d", "--batch=1", verbosity=2)


@pytest.mark.usefixtures("old")
def test_setting_says_how_long_if_the_command_does_not() -> None:
    with override_settings(DURABLE={"RETENTION": {"audit": "30d"}}):
        assert told() == ["audit: 1 runs and 1 events removed"]


def test_nothing_is_removed_unless_somebody_says_how_long_to_keep() -> None:
    with (
        override_settings(DURABLE={"AUDIT_RETENTION": None}),
        pytest.raises(CommandError, match="Give --older-than, or set DURABLE"),
    ):
        told()


def test_the_audit_log_goes_when_it_is_old_and_not_with_the_runs(clock: ModuleType) -> None:
    told("--older-than=1d")
    write_down(get_store(), Actor(who="ada", via="admin"), "cancel", "run", rows.run().pk)
    clock.travel(timedelta(days=364))
    write_down(get_store(), Actor(who="ada", via="admin"), "retry", "run", rows.run().pk)
    assert told("--older-than=30d") == ["shop: 1 runs and 1 events removed"]
    assert told() == ["Nothing is old enough."]
    clock.travel(timedelta(days=2))
    assert told("--dry-run") == ["audit log: 1 lines would be removed"]
    assert told() == ["audit log: 1 lines removed"]
    left = Operation.objects.order_by("pk").values_list("action", "kind", "after")
    assert list(left) == [
        ("retry", "run", "{}"),
        ("prune", "function", '{"runs":1,"events":1}'),
        ("prune", "audit", '{"operations":1}'),
    ]


def test_wrong_setting_is_named() -> None:
    with (
        override_settings(DURABLE={"RETENTION": {"shop": "a while"}}),
        pytest.raises(CommandError, match=r"\['shop'\]: 'a while' is no span of time"),
    ):
        told()


@pytest.mark.parametrize(
    "wrong",
    ["--older-than=1h", "--older-than=soon", "--batch=0", "--batch=1001", "--status=queued"],
)
def test_wrong_arguments_are_clear_errors(wrong: str) -> None:
    with pytest.raises(CommandError, match=wrong.partition("=")[0]):
        told(wrong)
