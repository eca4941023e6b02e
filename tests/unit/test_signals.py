"""The lines that are logged: of finished runs, and of events that start nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

import durable
from durable import signals
from durable.authoring.registry import Registry
from durable.engine.unheard import tell_unheard
from durable.playback.failure import Failure

Lines = Callable[[], list[tuple[str, str]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """What was logged: level and text."""
    caplog.set_level(logging.INFO, logger="durable")
    return lambda: [(record.levelname, record.getMessage()) for record in caplog.records]


def refuse() -> str:
    raise AssertionError("nobody may ask")


def finish(error: Exception | None = None, took: Callable[[], str] = lambda: "0.3 s") -> None:
    failure = None if error is None else Failure.of(error)
    status = "completed" if error is None else "failed"
    receivers = signals.run_finished.send(
        sender=None, run_id=7, function="f", status=status, failure=failure, took=took
    )
    assert receivers


def test_finished_run_is_told_at_info_and_without_a_look_at_the_database(lines: Lines) -> None:
    finish(took=refuse)
    assert lines() == [("INFO", "run 7 of f completed")]


def test_failed_run_is_told_without_what_its_error_says(lines: Lines) -> None:
    finish(ValueError("secret"), took=refuse)
    said = "run 7 of f failed: ValueError; `manage.py durable_show 7` says why"
    assert lines() == [("ERROR", said)]


def test_finished_run_is_told_with_its_time_under_debug(lines: Lines, settings: Any) -> None:
    settings.DEBUG = True
    finish()
    assert lines() == [("INFO", "run 7 of f completed in 0.3 s")]


def test_failed_run_is_told_with_the_first_line_of_its_error_under_debug(
    lines: Lines, settings: Any
) -> None:
    settings.DEBUG = True
    finish(ValueError("no address\nthe rest"))
    said = "run 7 of f failed in 0.3 s: ValueError: no address; `manage.py durable_show 7` says why"
    assert lines() == [("ERROR", said)]


def test_error_that_says_nothing_is_told_by_its_name_under_debug(
    lines: Lines, settings: Any
) -> None:
    settings.DEBUG = True
    finish(ValueError())
    assert ": ValueError; `manage.py" in lines()[0][1]


@pytest.mark.parametrize("debug", [True, False])
def test_quiet_failure_is_not_told(lines: Lines, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    finish(durable.NonRetriableError("expected", quiet=True), took=refuse)
    assert lines() == []


@pytest.fixture
def on_paid(fresh_registry: Registry) -> None:
    trigger = durable.TriggerEvent(event="order/paid")
    durable.create_function(fn_id="f", trigger=trigger)(lambda ctx: None)


@pytest.mark.usefixtures("on_paid")
def test_event_that_starts_nothing_is_told_with_the_name_most_like_it(lines: Lines) -> None:
    tell_unheard(["order/payed"])
    said = "no function is triggered by 'order/payed'; did you mean 'order/paid'?"
    assert lines() == [("INFO", said)]


@pytest.mark.usefixtures("on_paid")
def test_event_like_no_other_is_told_without_a_guess(lines: Lines) -> None:
    tell_unheard(["weather"])
    assert lines() == [("INFO", "no function is triggered by 'weather'")]


@pytest.mark.usefixtures("on_paid")
def test_event_that_starts_nothing_is_a_warning_under_debug(lines: Lines, settings: Any) -> None:
    settings.DEBUG = True
    tell_unheard(["weather"])
    assert [level for level, _ in lines()] == ["WARNING"]


@pytest.mark.usefixtures("on_paid")
@pytest.mark.parametrize("debug", [True, False])
def test_events_of_durable_itself_are_never_told(lines: Lines, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    tell_unheard(["durable/function.failed", "inngest/function.failed"])
    assert lines() == []


def test_nearest_name_is_not_looked_for_when_nobody_listens(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, logger="durable")
    assert signals.event_unheard.send(sender=None, name="x", nearest=refuse)
    assert caplog.records == []
