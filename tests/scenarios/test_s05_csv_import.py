"""Scenario 5: every good row becomes one user, however often files, workers and uploads go wrong."""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import durable
from durable.models import Run, Step
from durable.testing import Workflows
from tests.acceptance.clusters import Cluster, eventually
from tests.scenarios import s05_csv_import
from tests.scenarios.s05_csv_import import upload

ROWS = 1200  # three batches


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, ROWS)


def written(folder: Path, rows: int) -> Path:
    path = folder / "users.csv"
    lines = (f"user-{number},user-{number}@example.org\n" for number in range(rows))
    path.write_text("".join(lines))
    return path


def run_of(event: str) -> Run:
    return Run.objects.get(event_id=event)


def test_every_row_becomes_a_user(workflows: Workflows, file: Path) -> None:
    run = run_of(upload(str(file)))
    workflows.settle()
    expected = {"rows": ROWS, "wrong": 0, "examples": []}
    assert workflows.get(run.pk).result == expected
    assert User.objects.count() == ROWS


def test_step_is_a_batch_and_not_a_row(workflows: Workflows, file: Path) -> None:
    upload(str(file))
    workflows.settle()
    assert Step.objects.count() == 1 + 3


def test_rows_that_are_wrong_are_reported_with_their_numbers(
    workflows: Workflows, file: Path
) -> None:
    lines = file.read_text().splitlines()
    lines[7], lines[900] = "nobody,nowhere", "alone"
    file.write_text("\n".join(lines))
    run = run_of(upload(str(file)))
    workflows.settle()
    result = workflows.get(run.pk).result
    assert result["examples"] == ["row 7: no address: nowhere", "row 900: 1 columns, not 2"]
    assert (result["wrong"], User.objects.count()) == (2, ROWS - 2)


def test_report_does_not_grow_with_the_number_of_wrong_rows(
    workflows: Workflows, file: Path
) -> None:
    file.write_text("wrong\n" * ROWS)
    run = run_of(upload(str(file)))
    workflows.settle()
    result = workflows.get(run.pk).result
    assert (result["wrong"], len(result["examples"])) == (ROWS, 20)


def test_batch_whose_record_was_lost_creates_nobody_twice(workflows: Workflows, file: Path) -> None:
    kill = workflows.kill_after("batch[1:2]", point="before_record")
    run = run_of(upload(str(file)))
    workflows.settle(through="1m")
    assert kill.has_happened
    assert workflows.get(run.pk).result["rows"] == ROWS
    assert User.objects.count() == ROWS


def test_user_who_is_there_already_is_left_alone(workflows: Workflows, file: Path) -> None:
    User.objects.create_user("user-5", email="own@example.org")
    upload(str(file))
    workflows.settle()
    assert User.objects.get(username="user-5").email == "own@example.org"
    assert User.objects.count() == ROWS


def test_file_that_is_uploaded_again_is_imported_once(workflows: Workflows, file: Path) -> None:
    copy = file.with_name("again.csv")
    copy.write_bytes(file.read_bytes())
    upload(str(file))
    upload(str(file))
    workflows.settle()
    upload(str(copy))
    workflows.settle()
    assert Run.objects.count() == 1


def test_file_that_changes_between_steps_stops_the_import(workflows: Workflows, file: Path) -> None:
    run = run_of(upload(str(file)))
    workflows.kill_after("find-batches", point="after_record")
    workflows.settle()
    file.write_text(file.read_text().replace("user-7,", "user-8,"))
    workflows.settle(through="1m")
    failure = workflows.get(run.pk).failure or {}
    assert "was changed after it was uploaded" in failure["message"]
    assert User.objects.count() == 0


def test_file_that_is_gone_stops_the_import_at_once(workflows: Workflows, file: Path) -> None:
    run = run_of(upload(str(file)))
    file.unlink()
    workflows.settle()
    assert (workflows.get(run.pk).failure or {})["message"].endswith("is gone")


def test_import_that_failed_goes_on_where_it_was(workflows: Workflows, file: Path) -> None:
    run = run_of(upload(str(file)))
    with patch.object(s05_csv_import, "read", side_effect=_all_but_the_last):
        workflows.settle(through="1h")
    assert workflows.get(run.pk).status == "failed"
    assert User.objects.count() == 1000
    durable.retry(str(run.pk))
    with patch.object(s05_csv_import, "read", side_effect=s05_csv_import.read) as read:
        workflows.settle()
    assert read.call_count == 1
    assert User.objects.count() == ROWS


_read = s05_csv_import.read


def _all_but_the_last(path: str, number: int, place: int) -> list[tuple[int, list[str]]]:
    if number == 1000:
        raise OSError("stale file handle")
    return _read(path, number, place)


def test_no_transaction_is_longer_than_a_batch(workflows: Workflows, file: Path) -> None:
    sizes: list[int] = []
    with patch.object(
        User.objects, "bulk_create", side_effect=lambda users, **_: sizes.append(len(users))
    ):
        upload(str(file))
        workflows.settle()
    assert sizes == [500, 500, 200]


def test_progress_is_what_the_finished_batches_say(workflows: Workflows, file: Path) -> None:
    run = run_of(upload(str(file)))
    with patch.object(s05_csv_import, "read", side_effect=_all_but_the_last):
        workflows.settle()
    batches = [step for step in workflows.get(run.pk).steps if step.name.startswith("batch")]
    assert [step.is_open for step in batches] == [False, False, True]


def test_page_of_an_import_of_two_hundred_batches_shows_some_and_links_to_all(
    workflows: Workflows, admin_client: Client, tmp_path: Path
) -> None:
    with patch.object(s05_csv_import, "BATCH", 1):
        run = run_of(upload(str(written(tmp_path, 250))))
        workflows.settle()
    address = reverse("admin:durable_run_change", args=[run.pk])
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.get(address).content.decode()
    assert 0 < len(set(re.findall(r"/durable/step/(\d+)/", page))) < 250
    assert "251" in page
    assert len(queries) < 30


@pytest.mark.postgres
def test_hundred_thousand_rows_are_imported_though_a_worker_is_killed(
    cluster: Cluster, tmp_path: Path
) -> None:
    run = run_of(upload(str(written(tmp_path, 100_000))))
    eventually(lambda: User.objects.count() > 10_000, cluster.explain)
    cluster.kill(cluster.find("worker")[:1])
    eventually(Run.objects.filter(pk=run.pk, status="completed").exists, cluster.explain)
    assert Run.objects.get(pk=run.pk).result == {"rows": 100_000, "wrong": 0, "examples": []}
    assert User.objects.count() == 100_000
    assert Step.objects.filter(run=run.pk).count() == 201
