"""The data export: complete, small in its history, for the eyes of whom it may be, and gone in time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import RequestFactory, override_settings

from durable.models import Run
from durable.testing import Workflows
from tests.acceptance.clusters import eventually
from tests.scenarios.s11_data_export import download_view, export_users, sweep_exports
from tests.scenarios.stage import (
    has_status,
    lines,
    new_cluster,
    on_a_cluster,
    send,
    the_run,
)


class ReadElsewhere:
    """A router of a site with a replica, which lags so far behind that it is not there at all."""

    def db_for_read(self, model: type, **hints: Any) -> str | None:
        return "replica" if model._meta.label == "auth.User" else None  # type: ignore[attr-defined]


@pytest.fixture
def request_of_ada(db: None, tmp_path: Path) -> dict[str, Any]:
    """The data of a request for an export of 121 users, in three shards."""
    User.objects.bulk_create([User(username=f"user-{n}", email=f"{n}@x.org") for n in range(120)])
    ada = User.objects.create_user("ada")
    ada.user_permissions.add(Permission.objects.get(codename="view_user"))
    return {"user": ada.pk, "folder": str(tmp_path)}


def exported(folder: Path) -> list[str]:
    """Return the users in the one export that there is."""
    (file,) = folder.glob("*.csv")
    return [line.split(",")[1] for line in lines(file)]


def download(folder: Path) -> int:
    request = RequestFactory().get("/")
    return download_view(request, (folder / "mails").read_text()).status_code


def test_all_users_are_exported_and_the_file_is_gone_after_a_week(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    run = workflows.run(export_users, request_of_ada)
    workflows.assert_waiting(run, "a-week")
    assert exported(tmp_path) == [*(f"user-{n}" for n in range(120)), "ada"]
    assert download(tmp_path) == 200
    workflows.settle(through="7d")
    assert workflows.get(run).result == "expired"
    assert download(tmp_path) == 404
    assert list(tmp_path.iterdir()) == [tmp_path / "mails"]


def test_users_who_come_after_the_snapshot_are_not_in_it(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    workflows.kill_after("snapshot", point="after_record")
    workflows.run(export_users, request_of_ada)
    User.objects.create_user("latecomer")
    workflows.settle(through="1m")
    assert len(exported(tmp_path)) == 121


@pytest.mark.parametrize("step", ["shard-1", "upload", "publish"])
def test_a_worker_may_die_and_the_file_is_whole(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path, step: str
) -> None:
    kill = workflows.kill_after(step)
    run = workflows.run(export_users, request_of_ada)
    workflows.settle(through="2m")
    assert kill.has_happened
    workflows.assert_waiting(run, "a-week")
    assert len(exported(tmp_path)) == len(set(exported(tmp_path))) == 121


def test_an_export_larger_than_a_result_may_be_is_no_matter(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    with override_settings(DURABLE={"MAX_STEP_BYTES": 1000, "MAX_RUN_BYTES": 3000}):
        run = workflows.run(export_users, request_of_ada)
    workflows.assert_waiting(run, "a-week")
    (file,) = tmp_path.glob("*.csv")
    assert file.stat().st_size > 2000


def test_a_permission_that_is_lost_meanwhile_keeps_the_link_back(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    workflows.kill_after("upload", point="after_record")
    run = workflows.run(export_users, request_of_ada)
    User.objects.get(username="ada").user_permissions.clear()
    workflows.settle(through="1m")
    assert workflows.get(run).result == "refused"
    assert list(tmp_path.iterdir()) == []


def test_a_permission_that_is_lost_afterwards_closes_the_link(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    workflows.run(export_users, request_of_ada)
    User.objects.get(username="ada").user_permissions.clear()
    assert download(tmp_path) == 404


def test_a_revoked_export_is_deleted_at_once_and_not_after_the_week(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    run = workflows.run(export_users, request_of_ada)
    send("export/revoked", {"user": request_of_ada["user"]})
    workflows.settle()
    assert workflows.get(run).result == "expired"
    assert list(tmp_path.glob("*.csv")) == []


def test_a_user_has_one_export_at_work_at_a_time(
    workflows: Workflows, request_of_ada: dict[str, Any]
) -> None:
    workflows.kill_after("snapshot")
    first = workflows.run(export_users, request_of_ada)
    second = workflows.run(export_users, request_of_ada)
    assert second.result == "one is at work"
    workflows.settle(through="1m")
    workflows.assert_waiting(first, "a-week")
    workflows.assert_waiting(workflows.run(export_users, request_of_ada), "a-week")


def test_a_failed_export_does_not_keep_its_user_from_the_next(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    missing = {**request_of_ada, "folder": str(tmp_path / "missing")}
    assert workflows.run(export_users, missing, through="1h").status == "failed"
    workflows.settle()
    workflows.assert_waiting(workflows.run(export_users, request_of_ada), "a-week")


@override_settings(DATABASE_ROUTERS=["tests.scenarios.test_s11_data_export.ReadElsewhere"])
def test_the_snapshot_is_read_where_was_written_although_reads_go_elsewhere(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    run = workflows.run(export_users, request_of_ada)
    workflows.assert_waiting(run, "a-week")
    assert len(exported(tmp_path)) == 121


def test_a_file_whose_run_was_deleted_is_swept(
    workflows: Workflows, request_of_ada: dict[str, Any], tmp_path: Path
) -> None:
    workflows.run(export_users, request_of_ada)
    Run.objects.all().delete()
    for today, left in (("2020-01-01", 1), ("2099-01-01", 0)):
        workflows.run(sweep_exports, {"folder": str(tmp_path), "today": today})
        assert len(list(tmp_path.glob("*.csv"))) == left


@on_a_cluster
def test_killed_workers_leave_a_whole_file(request_of_ada: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "slow").touch()
    with new_cluster(workers=3) as cluster:
        cluster.wait_until_ready()
        send("export/requested", request_of_ada)
        eventually(lambda: any(tmp_path.glob("*.draft")), cluster.explain)
        cluster.kill(cluster.find("worker"))
        eventually(lambda: (tmp_path / "mails").exists(), cluster.explain, seconds=15)
        eventually(has_status("export-users", "waiting"), cluster.explain, seconds=15)
        assert exported(tmp_path) == [*(f"user-{n}" for n in range(120)), "ada"]
        send("export/revoked", {"user": request_of_ada["user"]})
        eventually(lambda: the_run("export-users").is_final, cluster.explain, seconds=15)
    assert list(tmp_path.glob("*.csv")) == []
