"""What durable logs at INFO is seen on a developer's terminal, and nowhere it was not asked for."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from durable.q2.terminal import speak


@pytest.fixture(autouse=True)
def logger(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """The logger `durable` in a site that has configured nothing."""
    fresh = logging.Manager(logging.RootLogger(logging.WARNING))
    monkeypatch.setattr(logging.Logger, "manager", fresh)
    return logging.getLogger("durable")


def test_finished_runs_are_seen_under_debug(
    settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DEBUG = True
    speak(1)
    logging.getLogger("durable.engine").info("run 1 of f completed")
    assert capsys.readouterr().err.endswith(" [durable] INFO run 1 of f completed\n")


def test_production_shows_no_more_than_was_configured(logger: logging.Logger) -> None:
    speak(1)
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)


def test_verbosity_zero_shows_no_more_than_was_configured(
    settings: Any, logger: logging.Logger
) -> None:
    settings.DEBUG = True
    speak(0)
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)


@pytest.mark.parametrize("name", ["durable", "durable.engine"])
def test_logger_that_the_site_configured_stands(
    settings: Any, logger: logging.Logger, name: str
) -> None:
    settings.DEBUG = True
    settings.LOGGING = {"version": 1, "loggers": {name: {"level": "ERROR"}}}
    level = logger.level  # Django 6.1 configures it at once
    speak(1)
    assert (logger.handlers, logger.level) == ([], level)


def test_handler_that_the_site_configured_stands(settings: Any, logger: logging.Logger) -> None:
    settings.DEBUG = True
    logger.addHandler(configured := logging.NullHandler())
    speak(1)
    assert (logger.handlers, logger.level) == ([configured], logging.NOTSET)
