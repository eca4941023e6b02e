"""What a cluster's processes write on the terminal: of django-q2 less, of durable under DEBUG more."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from durable.q2.hints import DRAIN


def quieten(verbosity: int) -> None:
    """Leave out q2's two lines for each hint; and below verbosity 2 what q2 says of good days.

    A level or a handler the site has configured for q2 stands.
    """
    logger = logging.getLogger("django-q")
    logger.addFilter(
        lambda record: record.levelno > logging.INFO or DRAIN not in record.getMessage()
    )
    if verbosity < 2 and "django-q" not in _configured():
        logger.setLevel(logging.WARNING)


def speak(verbosity: int) -> None:
    """Under DEBUG, show what durable logs at INFO: finished runs, and what functions log.

    Where the site has configured that itself, it stands.
    """
    logger = logging.getLogger("durable")
    named = any(name.partition(".")[0] == "durable" for name in _configured())
    if not settings.DEBUG or not verbosity or named or logger.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(
        logging.Formatter("%(asctime)s [durable] %(levelname)s %(message)s", "%H:%M:%S")
    )
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


def _configured() -> Mapping[str, Any]:
    loggers: Mapping[str, Any] = (getattr(settings, "LOGGING", None) or {}).get("loggers", {})
    return loggers
