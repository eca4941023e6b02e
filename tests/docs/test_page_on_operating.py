"""What the page on looking after a site shows is so."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from logging.config import DictConfigurator
from typing import Any

import pytest
from django.test import override_settings

from durable.operations.health import Backlog, Counted, look
from durable.operations.health.gauges import gauges
from durable.operations.retention import retention
from durable.store import get_store
from durable.store.condition import Condition
from tests.docs.pages import code, page
from tests.integration import rows

PAGE = page("docs/howto/operate.md")


def shown() -> dict[str, Any]:
    return PAGE.execute({})


def test_retention_it_shows_is_read() -> None:
    with override_settings(DURABLE=shown()["DURABLE"]):
        kept = retention()
    assert kept.of("shop")["failed"] == timedelta(days=90)
    assert kept.of("nightly-report")["failed"] == timedelta(days=7)
    assert kept.of("audit")["completed"] is None


def test_format_of_logs_it_shows_suits_lines_with_and_without_a_run() -> None:
    given = shown()["LOGGING"]
    formatter = DictConfigurator(given).configure_formatter(dict(given["formatters"]["fields"]))
    record = logging.makeLogRecord({"levelname": "INFO", "name": "durable.worker", "msg": "hi"})
    assert formatter.format(record) == "INFO durable.worker run=- step=- hi"
    record.run_id = "17"
    assert "run=17" in formatter.format(record)


def test_view_it_shows_is_one() -> None:
    (pattern,) = shown()["urlpatterns"]
    assert pattern.resolve("internal/metrics").func.__module__ == "durable.metrics"


@pytest.mark.django_db
def test_metrics_it_lists_are_those_there_are() -> None:
    rows.worker()
    health = replace(
        look(get_store()),
        backlog=Backlog(queues=(), functions=(Counted("f", 1, True),)),
        database=Condition(server="", sessions=1, oldest_transaction=1.0, rows={"r": 1}),
    )
    table = [row for row in PAGE.rows("Metrics") if row[0] != "metric"]
    listed = [(code(name), label.strip("`")) for name, label, _ in table]
    found = {one.name: "".join(one.values[0][0]) for one in gauges(health)}
    assert dict(listed) == found
