"""GDPR deletion: withdrawn or done, proven, and nothing personal left in the tables of durable itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.core import serializers

import durable
from durable.models import Run
from durable.testing import Workflows
from tests.acceptance.clusters import eventually
from tests.scenarios.s12_gdpr_deletion import (
    HOLD,
    PROCESSORS,
    erase_at_processor,
    erase_user,
)
from tests.scenarios.stage import (
    has_lines,
    has_status,
    lines,
    new_cluster,
    on_a_cluster,
    result_of,
    send,
    the_run,
)

ERASED = {"status": "erased", "proof": [f"{name} receipt" for name in PROCESSORS]}


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_user("ada", email="ada@example.org", last_name="Lovelace")


@pytest.fixture
def erasure(person: User, tmp_path: Path) -> dict[str, Any]:
    return {"user": person.pk, "folder": str(tmp_path)}


def asked(erasure: dict[str, Any]) -> durable.Event:
    return durable.Event(name="gdpr/erasure.requested", data=erasure)


def kept() -> str:
    """Return all that durable's tables hold, as text."""
    models = apps.get_app_config("durable").get_models()
    return "".join(serializers.serialize("json", model._default_manager.all()) for model in models)


def names_the_person(text: str) -> bool:
    return any(word in text for word in ("ada@", "Lovelace"))


def asked_at(folder: Path) -> list[int]:
    """Return how often each processor was asked."""
    return [len(lines(folder / name)) for name in PROCESSORS]


def test_a_user_is_erased_after_the_grace_with_a_proof_of_each_processor(
    workflows: Workflows, erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    run = workflows.run(erase_user, erasure, through="29d")
    workflows.assert_waiting(run, "grace")
    assert asked_at(tmp_path) == [0, 0, 0]
    workflows.settle(through="2d")
    assert workflows.get(run).result == ERASED
    assert asked_at(tmp_path) == [1, 1, 1]
    person.refresh_from_db()
    assert (person.email, person.last_name, person.is_active) == ("", "", False)


def test_who_withdraws_within_the_grace_is_kept(
    workflows: Workflows, erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    run = workflows.run(erase_user, asked(erasure), through="29d")
    send("gdpr/erasure.withdrawn", {"user": person.pk})
    workflows.settle(through="90d")
    assert workflows.get(run).status == "cancelled"
    assert asked_at(tmp_path) == [0, 0, 0]
    person.refresh_from_db()
    assert person.email == "ada@example.org"


def test_a_withdrawal_in_time_counts_although_no_worker_was_there_until_the_grace_was_over(
    workflows: Workflows, erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    run = workflows.run(erase_user, erasure, through="29d")
    send("gdpr/erasure.withdrawn", {"user": person.pk})
    workflows.travel("5d")
    workflows.settle()
    assert workflows.get(run).status == "cancelled"
    assert asked_at(tmp_path) == [0, 0, 0]


def test_the_withdrawal_of_another_user_changes_nothing(
    workflows: Workflows, erasure: dict[str, Any]
) -> None:
    run = workflows.run(erase_user, asked(erasure), through="29d")
    send("gdpr/erasure.withdrawn", {"user": 404})
    workflows.settle(through="2d")
    assert workflows.get(run).result == ERASED


def test_a_legal_hold_is_waited_for_as_long_as_it_lasts(
    workflows: Workflows, erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    person.groups.add(Group.objects.create(name=HOLD))
    run = workflows.run(erase_user, erasure, through="200d")
    workflows.assert_waiting(run, "lifted:1")
    assert asked_at(tmp_path) == [0, 0, 0]
    person.groups.clear()
    send("gdpr/hold.lifted", {"user": person.pk})
    workflows.settle()
    assert workflows.get(run).result == ERASED


def test_a_processor_that_is_away_is_asked_again_and_the_user_kept_until_then(
    workflows: Workflows, erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    (tmp_path / "crm-is-away").touch()
    run = workflows.run(erase_user, {**erasure, "grace": "1s"}, through="2m")
    assert asked_at(tmp_path) == [0, 1, 1]
    person.refresh_from_db()
    assert person.email
    (tmp_path / "crm-is-away").unlink()
    workflows.settle(through="1h")
    assert workflows.get(run).result == ERASED
    assert asked_at(tmp_path) == [1, 1, 1]


def test_nothing_personal_is_in_the_tables_of_durable_also_not_of_failed_tries(
    workflows: Workflows, erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    (tmp_path / "crm-is-away").touch()
    workflows.run(erase_user, {**erasure, "grace": "1s"}, through="2m")
    (tmp_path / "crm-is-away").unlink()
    workflows.settle(through="1h")
    assert "crm could not be asked: ConnectionError" in kept()
    assert not names_the_person(kept())


def test_nothing_personal_is_logged(
    workflows: Workflows,
    erasure: dict[str, Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "crm-is-away").touch()
    run = workflows.run(erase_user, {**erasure, "grace": "1s"}, through="5d")
    assert run.status == "failed"
    assert "erase-at-processor" in caplog.text
    assert not names_the_person(caplog.text)


def test_what_a_site_put_into_an_event_is_gone_when_its_runs_and_events_are_deleted(
    workflows: Workflows, erasure: dict[str, Any], person: User
) -> None:
    data = {**erasure, "address": person.email, "grace": "1s"}
    run = workflows.run(erase_user, data, through="1m")
    assert names_the_person(kept())
    row = Run.objects.get(pk=run.id)
    event = row.event
    assert event is not None
    row.delete()
    event.delete()
    assert not names_the_person(kept())


@pytest.mark.parametrize("from_step", [None, "erase"])
def test_a_replay_after_the_erasure_asks_nobody_and_changes_nothing(
    workflows: Workflows, erasure: dict[str, Any], tmp_path: Path, from_step: str | None
) -> None:
    run = workflows.run(erase_user, erasure, through="31d")
    again = durable.replay(run.id, from_step=from_step)
    workflows.settle(through="31d")
    assert workflows.get(again).status == "completed"
    assert asked_at(tmp_path) == [1, 1, 1]
    assert User.objects.get().username == f"erased-{erasure['user']}"


def test_each_processor_has_a_run_of_its_own_that_its_caller_can_be_found_by(
    workflows: Workflows, erasure: dict[str, Any]
) -> None:
    run = workflows.run(erase_user, erasure, through="31d")
    children = workflows.assert_run_started(erase_at_processor, {"user": erasure["user"]}, times=3)
    parents = Run.objects.filter(pk__in=[child.id for child in children])
    assert {str(parent) for parent in parents.values_list("parent", flat=True)} == {run.id}


@on_a_cluster
def test_killed_workers_leave_a_user_erased_everywhere_with_all_proofs(
    erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    (tmp_path / "slow").touch()
    with new_cluster() as cluster:
        cluster.wait_until_ready()
        durable.send(asked({**erasure, "grace": "1s"}))
        eventually(has_lines(tmp_path / "crm"), cluster.explain)
        cluster.kill(cluster.find("worker"))
        assert result_of("erase-user", cluster) == ERASED
    assert all(asked_at(tmp_path))
    assert not names_the_person(kept())
    person.refresh_from_db()
    assert person.email == ""


@on_a_cluster
def test_a_withdrawal_while_no_cluster_is_there_counts_although_the_grace_has_passed(
    erasure: dict[str, Any], person: User, tmp_path: Path
) -> None:
    with new_cluster() as cluster:
        cluster.wait_until_ready()
        durable.send(asked({**erasure, "grace": "8s"}))
        eventually(has_status("erase-user", "waiting"), cluster.explain)
    send("gdpr/erasure.withdrawn", {"user": person.pk})
    due = the_run("erase-user").steps.get()
    type(due).objects.filter(pk=due.pk).update(due_at=the_run("erase-user").created)
    with new_cluster() as cluster:
        eventually(lambda: the_run("erase-user").is_final, cluster.explain, seconds=15)
    assert the_run("erase-user").status == "cancelled"
    assert asked_at(tmp_path) == [0, 0, 0]
