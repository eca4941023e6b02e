"""One line in the log for each run that ended; a developer's has the time it took."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

import durable
from tests.harness import Player, say


def one_step(ctx: durable.ContextSync) -> str:
    return ctx.step.run("one", say, "one")


def broken(ctx: durable.ContextSync) -> None:
    raise ValueError("no address\nat all")


@pytest.fixture(autouse=True)
def listen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="durable.engine")


def last(caplog: pytest.LogCaptureFixture) -> str:
    return caplog.messages[-1]


def test_completed_run_is_one_line(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    run = player.play(one_step)
    assert caplog.messages == [f"run {run.pk} of case completed"]


def test_completed_run_is_one_line_with_its_time_under_debug(
    player: Player, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.DEBUG = True
    run = player.play(one_step)
    (line,) = caplog.messages
    assert re.fullmatch(rf"run {run.pk} of case completed in [\d.]+ m?s", line)


def test_failed_run_is_told_with_its_error_under_debug(
    player: Player, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.DEBUG = True
    run = player.play(broken, retries=0)
    said = rf"run {run.pk} of case failed in [\d.]+ m?s: ValueError: no address; `manage.py .*"
    assert re.fullmatch(said, last(caplog))
