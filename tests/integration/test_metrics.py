from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import RequestFactory

from durable import metrics
from durable.models import RunStatus
from tests.integration import rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_registry")]


def told() -> str:
    out = StringIO()
    call_command("durable_metrics", stdout=out)
    return out.getvalue()


def test_numbers_of_the_site_are_told_in_the_format_of_prometheus() -> None:
    rows.worker(rate=42.0)
    for _ in range(2):
        rows.run(RunStatus.QUEUED, due_at=rows.ago(70))
    said = told()
    assert 'durable_due{kind="runs"} 2.0\n' in said
    assert 'durable_due{kind="events"} 0.0\n' in said
    assert 'durable_due_by_function{function="shop"} 2.0\n' in said
    assert "durable_claims_per_minute 42.0\n" in said
    assert "durable_workers 1.0\n" in said
    assert "# TYPE durable_due gauge\n" in said
    (oldest,) = re.findall(r'durable_due_oldest_seconds{kind="runs"} (\S+)', said)
    assert 69 < float(oldest) < 100


def test_view_answers_a_scrape_and_nothing_else() -> None:
    answer = metrics.view(RequestFactory().get("/metrics"))
    assert answer["Content-Type"].startswith("text/plain")
    assert "no-store" in answer["Cache-Control"]
    assert b"durable_workers 0.0" in answer.content
    assert metrics.view(RequestFactory().post("/metrics")).status_code == 405


def test_collector_can_be_registered_before_there_are_tables(
    django_assert_num_queries: Any,
) -> None:
    from prometheus_client import CollectorRegistry

    with django_assert_num_queries(0):
        CollectorRegistry().register(metrics.Collector())


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(metrics, "import_module", missing)
    with pytest.raises(CommandError, match=r"\[prometheus\]"):
        told()
    with pytest.raises(ImproperlyConfigured, match=r"\[prometheus\]"):
        metrics.Collector()
