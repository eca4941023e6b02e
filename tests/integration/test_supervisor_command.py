"""What `durable_worker` refuses to start, and what it says then."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from durable.models import Run
from durable.q2.cluster import configured
from durable.worker.supervisor import UNPREPARED

SITE: dict[str, Any] = {
    "name": "site",
    "workers": 4,
    "ALT_CLUSTERS": {"slow": {"workers": 2, "timeout": 900, "name": "ignored"}},
}


def test_cluster_of_the_site_is_the_default() -> None:
    assert configured(SITE, None, None) == SITE
    assert configured(SITE, "site", None) == SITE


def test_other_cluster_changes_what_it_says_and_keeps_the_site_name() -> None:
    slow = configured(SITE, "slow", None)
    assert slow == {"name": "site", "cluster_name": "slow", "workers": 2, "timeout": 900}


def test_workers_of_the_command_line_win() -> None:
    assert configured(SITE, "slow", 7)["workers"] == 7


def test_unknown_cluster_is_named_with_those_that_exist() -> None:
    with pytest.raises(CommandError, match=r"no cluster 'fast'; known are durable.*ALT_CLUSTERS"):
        call_command("durable_worker", name="fast", skip_checks=True)


@pytest.mark.parametrize("given", [None, {}, "redis"])
def test_missing_cluster_setting_is_named_with_the_lines_to_add(settings: Any, given: Any) -> None:
    settings.Q_CLUSTER = given
    with pytest.raises(CommandError, match="The setting Q_CLUSTER is missing") as refusal:
        call_command("durable_worker", skip_checks=True)
    assert '"broker_class": "durable.q2.broker.Broker",\n' in str(refusal.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--workers", "0"), ("--workers", "two"), ("--grace", "-1"), ("--patience", "nan")],
)
def test_senseless_option_is_refused(option: str, value: str) -> None:
    with pytest.raises(CommandError, match=option):
        call_command("durable_worker", option, value, skip_checks=True)


@pytest.mark.django_db(transaction=True)
def test_missing_tables_are_named_with_their_cure() -> None:
    said = io.StringIO()
    with connection.schema_editor() as editor:
        editor.alter_db_table(Run, Run._meta.db_table, "elsewhere")
    try:
        with pytest.raises(SystemExit) as end:
            call_command("durable_worker", stdout=said, skip_checks=True)
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Run, "elsewhere", Run._meta.db_table)
    assert end.value.code == UNPREPARED
    assert "manage.py migrate" in said.getvalue()
