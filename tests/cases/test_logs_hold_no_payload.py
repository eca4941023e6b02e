"""What is logged names runs, functions, steps and tries, and never what they hold."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import override_settings

import durable
from tests.harness import Player, give

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_registry", "clock")]

SECRET = "canary-4111-1111"


def charge(card: str) -> None:
    raise ValueError(f"card {card} was refused")


def handler(ctx: durable.ContextSync) -> Any:
    ctx.step.run("remember", give, "mark", SECRET)
    ctx.step.run("charge", charge, ctx.event.data["card"])


@override_settings(DEBUG=False)
def test_no_line_holds_data_results_or_messages_of_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="durable")
    run = Player().play(handler, {"card": SECRET}, retries=1)
    assert caplog.records
    assert SECRET not in caplog.text
    assert not any(SECRET in repr(vars(record)) for record in caplog.records)
    failed = [record for record in caplog.records if getattr(record, "step", "") == "charge"]
    assert [(vars(one)["run_id"], vars(one)["function"]) for one in failed] == [
        (str(run.pk), "case")
    ] * 2
    assert [vars(one)["attempt"] for one in failed] == [0, 1]
