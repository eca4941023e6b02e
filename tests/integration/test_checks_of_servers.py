from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.db import DatabaseError, connection, connections
from django.test import override_settings

from durable.checks import server
from durable.store.condition import Condition
from tests.integration import rows

pytestmark = pytest.mark.django_db

SOUND = Condition(server="MariaDB 11", has_safe_commits=True)


def found(databases: list[str] | None = None) -> list[CheckMessage]:
    asked = ["default"] if databases is None else databases
    checks = (server.check_server, server.check_hosts)
    return [message for check in checks for message in check(databases=asked)]


@pytest.fixture
def condition(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Have the database say something of itself."""

    def say(**changes: Any) -> None:
        said = replace(SOUND, **changes)
        monkeypatch.setattr(server, "condition_of", lambda *args: said)

    yield say


@pytest.mark.parametrize(
    ("said", "check_id", "word"),
    [
        ({"is_replica": True}, "durable.E023", "takes no writes"),
        ({"has_safe_commits": False, "commits": "fsync = off"}, "durable.W040", "fsync = off"),
        ({"packet": 1 << 20}, "durable.W041", "1,048,576 bytes"),
        ({"collation": "latin1_bin"}, "durable.E024", "latin1_bin"),
        ({"collation": "utf8mb4_general_ci"}, "durable.W042", "order/Paid"),
        ({"engines": ("InnoDB", "MyISAM")}, "durable.E025", "MyISAM"),
    ],
)
def test_what_would_hurt_is_named_with_its_cure(
    condition: Any, said: dict[str, Any], check_id: str, word: str
) -> None:
    condition(**said)
    (message,) = found()
    assert (message.id, bool(message.hint)) == (check_id, True)
    assert word in message.msg


def test_sound_server_has_no_complaints(condition: Any) -> None:
    condition(packet=1 << 26, collation="utf8mb4_bin", is_case_sensitive=True, engines=("InnoDB",))
    assert found() == []


def test_database_that_runs_the_tests_is_asked_without_errors() -> None:
    ids = {message.id for message in run_checks(tags=["durable"], databases=["default"])}
    assert not ids & {"durable.E023", "durable.E024", "durable.E025", "durable.W041"}


def test_database_is_asked_only_where_it_was_named(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert found([]) == []
        assert server.check_server() == []


def test_database_that_is_down_is_for_others_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(server, "condition_of", fail)
    monkeypatch.setattr(server, "clusters", fail)
    assert found() == []


@pytest.mark.sqlite
def test_one_file_for_several_machines_is_refused() -> None:
    rows.worker(host="one")
    assert found() == []
    rows.worker(host="other", parent=8)
    (message,) = found()
    assert message.id == "durable.E026"
    assert "2 machines use one SQLite file: one, other" in message.msg


@pytest.mark.postgres
@pytest.mark.mariadb
def test_other_isolation_levels_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    level: Any = "repeatable read" if connection.vendor == "mysql" else 3
    with monkeypatch.context() as patch:
        patch.setitem(connections.settings["default"]["OPTIONS"], "isolation_level", level)
        ids = [message.id for message in run_checks(tags=["durable"])]
    assert "durable.E022" in ids


def test_leases_that_pass_between_two_heartbeats_are_refused() -> None:
    with override_settings(DURABLE={"LEASE": 5, "HEARTBEAT": 5}):
        assert "durable.E021" in [message.id for message in run_checks(tags=["durable"])]


def test_retention_that_nobody_thought_about_is_named_at_deployment() -> None:
    def asked() -> bool:
        found = run_checks(tags=["durable"], include_deployment_checks=True)
        return "durable.W043" in [message.id for message in found]

    with override_settings(DURABLE={}):
        assert asked()
    with override_settings(DURABLE={"RETENTION": None}):
        assert not asked()
